import Foundation
import NIOCore

/// Reads the body of a request.
enum JSONBody {
  /// Decodes a body.
  ///
  /// - Throws: ``APIError`` with 400 that says where the mistake is.
  static func decode<T: Decodable>(_ type: T.Type, from bytes: ByteBuffer) throws(APIError) -> T {
    let bytes = Array(bytes.readableBytesView)
    try JSONSyntax.check(bytes)
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw APIError(.badRequest, message(error))
    } catch {
      throw APIError(.badRequest, "the body cannot be read")
    }
  }

  private static func message(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      return "\(place(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context):
      return "\(place(context.codingPath)) is null, and must not be"
    case .typeMismatch(_, let context):
      return "\(place(context.codingPath)): \(context.debugDescription)"
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      return "the body has a number that is too large, or half of a surrogate pair"
    case .dataCorrupted(let context):
      return "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "the body cannot be read"
    }
  }

  /// Returns a path such as `texts[3]`.
  private static func place(_ path: [any CodingKey]) -> String {
    let text = path.reduce("") { text, key in
      if let index = key.intValue { return "\(text)[\(index)]" }
      return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
    }
    return text.isEmpty ? "the body" : text
  }
}

/// The name of a member of a JSON object.
struct Member: CodingKey, ExpressibleByStringLiteral {
  let stringValue: String
  let intValue: Int? = nil
  init(stringLiteral name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

typealias Members = KeyedDecodingContainer<Member>

extension Decoder {
  /// Returns the members of an object that may have some members and no others. A member that nobody reads is most likely a typing error,
  /// which would otherwise change the answer without a word.
  func members(_ names: String...) throws -> Members {
    let members = try container(keyedBy: Member.self)
    if let unknown = members.allKeys.map(\.stringValue).filter({ !names.contains($0) }).min() {
      throw DecodingError.dataCorruptedError(
        forKey: Member(stringLiteral: unknown), in: members,
        debugDescription: "is not known here; there are \(names.joined(separator: ", "))")
    }
    return members
  }
}

extension Members {
  /// Reads a number within a range.
  func number(_ name: Member, in range: ClosedRange<Int>, default value: Int) throws -> Int {
    let number = try decodeIfPresent(Int.self, forKey: name) ?? value
    guard range.contains(number) else {
      throw DecodingError.dataCorruptedError(
        forKey: name, in: self, debugDescription: "is \(number); it must be \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Reads `true` or `false`.
  func flag(_ name: Member, default value: Bool = false) throws -> Bool {
    try decodeIfPresent(Bool.self, forKey: name) ?? value
  }
}

/// A text, or the two texts of a pair, in JSON a string or an array of one or two strings.
struct TextInput: Decodable {
  let text: String
  let pair: String?

  init(_ text: String, pair: String? = nil) { (self.text, self.pair) = (text, pair) }

  init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      self.init(text)
    } else if let texts = try? decoder.singleValueContainer().decode([String].self), (1...2).contains(texts.count) {
      self.init(texts[0], pair: texts.count == 2 ? texts[1] : nil)
    } else {
      throw DecodingError.typeMismatch(
        TextInput.self,
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "must be a text, or an array of two for a pair"))
    }
  }
}

/// One text or many: a string or an array of strings.
struct TextInputs: Decodable {
  let texts: [TextInput]

  init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      texts = [TextInput(text)]
    } else if let all = try? decoder.singleValueContainer().decode([String].self) {
      texts = all.map { TextInput($0) }
    } else {
      throw DecodingError.typeMismatch(
        TextInputs.self,
        DecodingError.Context(
          codingPath: decoder.codingPath,
          debugDescription: "must be a text or an array of texts; token ids are not read"))
    }
  }
}
