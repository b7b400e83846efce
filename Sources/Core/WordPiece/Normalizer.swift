/// BERT's normaliser, which processes UTF-8 text in one pass.
package struct Normalizer: Sendable {
  package let table: ScalarTable

  package init(_ normalization: Normalization) { table = ScalarTable(normalization) }

  /// Appends the normalised form of `input[range]` to `output`. The range must not begin or end within a scalar.
  package func normalize(_ input: [UInt8], _ range: Range<Int>, into output: inout [UInt8]) {
    var marks: [UInt32] = []  // combining scalars since the last starter, not yet in order
    var position = range.lowerBound
    while position < range.upperBound {
      let scalar = input.scalar(at: &position)
      let entry = table.entries[Int(scalar)]
      let action = entry & ScalarTable.Action.mask
      let payload = entry & ScalarTable.payload
      if action == ScalarTable.Action.remove { continue }
      if action == ScalarTable.Action.expand {
        let place = Int(payload)
        for item in table.expansions[place + 1...place + Int(table.expansions[place])] {
          if item > ScalarTable.payload {
            marks.append(item)
          } else {
            if !marks.isEmpty { flush(&marks, into: &output) }
            if item != ScalarTable.barrier { output.append(scalar: item) }
          }
        }
        continue
      }
      if !marks.isEmpty { flush(&marks, into: &output) }
      if action == ScalarTable.Action.replace {
        output.append(scalar: payload)
      } else {
        output.append(0x20)
        output.append(scalar: payload)
        output.append(0x20)
      }
    }
    flush(&marks, into: &output)
  }

  /// Appends the collected marks in canonical order, by combining class.
  private func flush(_ marks: inout [UInt32], into output: inout [UInt8]) {
    // The documentation of `sort` does not promise stability, so the position is part of the key.
    for (_, mark) in marks.enumerated().sorted(by: { ($0.element >> 21, $0.offset) < ($1.element >> 21, $1.offset) }) {
      output.append(scalar: mark & ScalarTable.payload)
    }
    marks.removeAll(keepingCapacity: true)
  }
}

extension [UInt8] {
  /// Returns the scalar at `position`, and moves `position` to the next one. The bytes must be valid UTF-8.
  @inlinable @inline(__always)
  package func scalar(at position: inout Int) -> UInt32 {
    let first = UInt32(self[position])
    if first < 0x80 {
      position += 1
      return first
    }
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    var scalar = first & (0x7F >> UInt32(length))
    for offset in 1..<length { scalar = scalar << 6 | UInt32(self[position + offset] & 0x3F) }
    position += length
    return scalar
  }

  /// Whether a range begins with a pattern.
  @inlinable @inline(__always)
  package func has(_ pattern: [UInt8], in range: Range<Int>) -> Bool {
    guard pattern.count <= range.count else { return false }
    for index in pattern.indices where self[range.lowerBound + index] != pattern[index] { return false }
    return true
  }

  /// Appends the UTF-8 bytes of a scalar.
  @inlinable @inline(__always)
  package mutating func append(scalar: UInt32) {
    if scalar < 0x80 {
      append(UInt8(scalar))
      return
    }
    if scalar < 0x800 {
      append(UInt8(0xC0 | scalar >> 6))
    } else {
      if scalar < 0x10000 {
        append(UInt8(0xE0 | scalar >> 12))
      } else {
        append(UInt8(0xF0 | scalar >> 18))
        append(UInt8(0x80 | scalar >> 12 & 0x3F))
      }
      append(UInt8(0x80 | scalar >> 6 & 0x3F))
    }
    append(UInt8(0x80 | scalar & 0x3F))
  }
}
