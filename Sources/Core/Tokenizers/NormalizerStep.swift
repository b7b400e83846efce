import DistillWordPiece

/// A step that changes a text before it is split.
enum NormalizerStep: Sendable {
  case form(CanonicalForm)
  case map(ScalarMap)
  case strip(left: Bool, right: Bool)
  case prepend([UInt8])
  case replace(SearchPattern, with: [UInt8])
  case bert(Normalizer, Normalization)
  case charsmap(Charsmap)

  /// Appends the normalised form of `text` to `output`.
  ///
  /// - Returns: Whether the beginning of the text is that of the output. It is not if a step has removed the first
  ///   scalar.
  func apply(_ text: [UInt8], into output: inout [UInt8]) -> Bool {
    switch self {
    case .form(let form): form.normalize(text, into: &output)
    case .map(let map): return map.apply(text, into: &output)
    case .strip(let left, let right):
      let range = Self.stripped(text, left: left, right: right)
      output += text[range]
      return range.lowerBound == 0
    case .prepend(let bytes):
      if !text.isEmpty {
        output += bytes
        output += text
      }
    case .replace(let pattern, let bytes): return Self.replace(pattern, with: bytes, text, into: &output)
    case .bert(let normalizer, _):
      normalizer.normalize(text, text.indices, into: &output)
      var (first, end) = ([UInt8](), 0)
      guard !text.isEmpty else { return true }
      _ = text.scalar(at: &end)
      normalizer.normalize(text, 0..<end, into: &first)
      return !first.isEmpty
    case .charsmap(let map): map.normalize(text, into: &output)
    }
    return true
  }

  private static func replace(
    _ pattern: SearchPattern, with bytes: [UInt8], _ text: [UInt8], into output: inout [UInt8]
  ) -> Bool {
    var keepsBeginning = true
    pattern.forEachPart(of: text, text.indices) { part, isMatch in
      if isMatch { output += bytes } else { output += text[part] }
      guard part.lowerBound == 0, isMatch else { return }
      var end = 0
      _ = text.scalar(at: &end)
      keepsBeginning = !bytes.isEmpty && end == part.upperBound
    }
    return keepsBeginning
  }

  private static func stripped(_ text: [UInt8], left: Bool, right: Bool) -> Range<Int> {
    func isSpace(_ start: Int) -> (Bool, end: Int) {
      var end = start
      let scalar = text.scalar(at: &end)
      return (ScalarClasses.shared[scalar] & ScalarClasses.space != 0, end)
    }
    var (start, end) = (0, text.count)
    while left, start < end, case (true, let next) = isSpace(start) { start = next }
    while right, start < end {
      var last = end - 1
      while text[last] & 0xC0 == 0x80 { last -= 1 }
      guard isSpace(last).0 else { break }
      end = last
    }
    return start..<end
  }

  /// What distinguishes this step from all others that change texts differently.
  var key: String {
    switch self {
    case .form(let form): "form \(form.isCompatible) \(form.isComposed)"
    case .map(let map): map.name
    case .strip(let left, let right): "strip \(left) \(right)"
    case .prepend(let bytes): "prepend \(bytes)"
    case .replace(let pattern, let bytes): "replace \(pattern.key) \(bytes)"
    case .bert(_, let rules): "bert \(rules.lowercase) \(rules.stripAccents) \(rules.spaceIdeographs)"
    case .charsmap(let map): "charsmap \(map.digest)"
    }
  }
}

/// A normaliser that replaces single scalars.
struct ScalarMap: Sendable {
  let name: String
  private var replacements: [UInt32: [UInt8]] = [:]
  /// The replacement of each ASCII character, or 0xFF if it is removed.
  private var ascii: [UInt8] = Array(0..<128)

  static let lowercase = ScalarMap("lowercase", UnicodeTables.lowercase) { $0 }
  static let stripAccents = ScalarMap("strip accents", UnicodeTables.accents) { _ in [] }
  static let nmt: ScalarMap = {
    var map = ScalarMap("nmt", UnicodeTables.nmtRemoved) { _ in [] }
    map.add(UnicodeTables.nmtSpaces) { _ in [0x20] }
    return map
  }()

  private init(_ name: String, _ table: String, _ value: ([UInt32]) -> [UInt32]) {
    self.name = name
    add(table, value)
  }

  private mutating func add(_ table: String, _ value: ([UInt32]) -> [UInt32]) {
    for item in UnicodeTables.items(table) {
      for scalar in item.scalars {
        var bytes: [UInt8] = []
        let shifted = item.values.count == 1 ? [UInt32(scalar) - item.first + item.values[0]] : item.values
        for part in value(shifted) { bytes.append(scalar: part) }
        if scalar < 128, bytes.count < 2 {
          ascii[scalar] = bytes.first ?? 0xFF
        } else {
          replacements[UInt32(scalar)] = bytes
        }
      }
    }
  }

  func apply(_ text: [UInt8], into output: inout [UInt8]) -> Bool {
    var (position, written) = (0, 0)  // what is before `written` is in the output
    var keepsBeginning = true
    while position < text.count {
      let start = position
      let byte = text[position]
      if byte < 0x80 {
        position += 1
        if ascii[Int(byte)] == byte { continue }
        output += text[written..<start]
        if ascii[Int(byte)] != 0xFF { output.append(ascii[Int(byte)]) } else if start == 0 { keepsBeginning = false }
      } else {
        guard let bytes = replacements[text.scalar(at: &position)] else { continue }
        output += text[written..<start]
        output += bytes
        if start == 0 { keepsBeginning = !bytes.isEmpty }
      }
      written = position
    }
    output += text[written...]
    return keepsBeginning
  }
}
