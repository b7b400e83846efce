import DistillText
import DistillWordPiece

/// The special tokens around a text and around a pair of texts.
struct SequenceTemplate: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    case first(type: Int32)
    case second(type: Int32)
    case special([Int32], type: Int32)
  }
  var single: [Part] = [.first(type: 0)]
  var pair: [Part] = [.first(type: 0), .second(type: 1)]

  var specialIDs: [Int32] {
    (single + pair).flatMap { part in if case .special(let ids, _) = part { ids } else { [Int32]() } }
  }

  private static func added(_ parts: [Part]) -> Int {
    parts.reduce(0) { count, part in if case .special(let ids, _) = part { count + ids.count } else { count } }
  }

  /// Puts the special tokens around the first `count` ids, and around the others if they are a second text.
  ///
  /// Tokens are removed from the end of the longer text first (`longest_first`) until `maxLength` is reached.
  func apply(_ ids: [Int32], first count: Int, isPair: Bool, maxLength: Int?) -> TokenSequence {
    let parts = isPair ? pair : single
    let added = Self.added(parts)
    var (kept, keptSecond) = (count, ids.count - count)
    if let maxLength {
      let limit = max(0, maxLength - added)
      if isPair {
        (kept, keptSecond) = WordPieceTokenizer.longestFirst(kept, keptSecond, limit: limit)
      } else {
        kept = min(kept, limit)
      }
    }
    var result: [Int32] = []
    var types: [Int32] = []
    result.reserveCapacity(kept + keptSecond + added)
    types.reserveCapacity(kept + keptSecond + added)
    for part in parts {
      let before = result.count
      let typeID: Int32
      switch part {
      case .first(let type):
        result += ids[0..<kept]
        typeID = type
      case .second(let type):
        result += ids[count..<count + keptSecond]
        typeID = type
      case .special(let special, let type):
        result += special
        typeID = type
      }
      types.append(contentsOf: repeatElement(typeID, count: result.count - before))
    }
    return TokenSequence(ids: result, typeIDs: types)
  }
}
