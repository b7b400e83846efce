import DistillWordPiece

/// A Unicode normalisation form: NFC, NFD, NFKC or NFKD (UAX #15).
struct CanonicalForm: Sendable {
  let isCompatible: Bool
  let isComposed: Bool
  private let tables: Tables

  init(isCompatible: Bool, isComposed: Bool) {
    (self.isCompatible, self.isComposed) = (isCompatible, isComposed)
    tables = isCompatible ? .compatible : .canonical
  }

  /// Decompositions, combining classes and compositions, of scalars beyond ASCII.
  private struct Tables: Sendable {
    static let canonical = Tables(isCompatible: false)
    static let compatible = Tables(isCompatible: true)

    var decompositions: [UInt32: [UInt32]] = [:]
    var classes: [UInt32: UInt32] = [:]
    var compositions: [UInt64: UInt32] = [:]

    init(isCompatible: Bool) {
      for item in UnicodeTables.items(UnicodeTables.decompositions) { decompositions[item.first] = item.values }
      if isCompatible {
        for item in UnicodeTables.items(UnicodeTables.compatibleDecompositions) {
          for scalar in item.scalars {
            decompositions[UInt32(scalar)] =
              item.values.count > 1 ? item.values : [UInt32(scalar) - item.first + item.values[0]]
          }
        }
      }
      for item in UnicodeTables.items(UnicodeTables.combiningClasses) {
        for scalar in item.scalars { classes[UInt32(scalar)] = item.values[0] }
      }
      for item in UnicodeTables.items(UnicodeTables.compositions) {
        compositions[UInt64(item.first) << 32 | UInt64(item.values[0])] = item.values[1]
      }
    }
  }

  /// Appends the form of `text` to `output`. ASCII text is the same in every form.
  func normalize(_ text: [UInt8], into output: inout [UInt8]) {
    guard text.contains(where: { $0 >= 0x80 }) else {
      output += text
      return
    }
    var scalars: [UInt32] = []  // with the combining class from bit 21
    var position = 0
    while position < text.count {
      decompose(text.scalar(at: &position), into: &scalars)
    }
    order(&scalars)
    if isComposed { compose(&scalars) }
    for scalar in scalars { output.append(scalar: scalar & 0x1F_FFFF) }
  }

  private func decompose(_ scalar: UInt32, into scalars: inout [UInt32]) {
    if scalar < 0x80 {
      scalars.append(scalar)
    } else if (0xAC00..<0xD7A4).contains(scalar) {  // Hangul, by arithmetic (section 3.12 of the Unicode Standard)
      let index = scalar - 0xAC00
      scalars += [0x1100 + index / 588, 0x1161 + index % 588 / 28]
      if index % 28 != 0 { scalars.append(0x11A7 + index % 28) }
    } else {
      for part in tables.decompositions[scalar] ?? [scalar] { scalars.append(part | (tables.classes[part] ?? 0) << 21) }
    }
  }

  /// Sorts each run of marks by combining class, and keeps the order of those of the same class.
  private func order(_ scalars: inout [UInt32]) {
    var index = 0
    while index < scalars.count {
      guard scalars[index] >> 21 != 0 else {
        index += 1
        continue
      }
      let end = scalars[index...].firstIndex { $0 >> 21 == 0 } ?? scalars.count
      if end - index > 1 {
        // The documentation of `sort` does not promise stability, so the position is part of the key.
        let sorted = scalars[index..<end].enumerated().sorted {
          ($0.element >> 21, $0.offset) < ($1.element >> 21, $1.offset)
        }
        scalars.replaceSubrange(index..<end, with: sorted.map(\.element))
      }
      index = end
    }
  }

  /// Composes each scalar with the starter before it, unless a mark of the same or a higher class is between them.
  private func compose(_ scalars: inout [UInt32]) {
    var count = 0
    var starter: Int?
    var between = -1  // the class of the last scalar behind the starter
    for item in scalars {
      let order = Int(item >> 21)
      if let place = starter, between < order, let composed = composed(scalars[place], item & 0x1F_FFFF) {
        scalars[place] = composed
        continue
      }
      if order == 0 { (starter, between) = (count, -1) } else { between = order }
      scalars[count] = item
      count += 1
    }
    scalars.removeLast(scalars.count - count)
  }

  private func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
      return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
    }
    if (0xAC00..<0xD7A4).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8..<0x11C3).contains(second) {
      return first + second - 0x11A7
    }
    return tables.compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
