import DistillCore

/// The way in which an encoder reads an example of two texts.
public enum PairReading: String, CaseIterable, Sendable, OptionValue {
  /// Both texts are one sequence, so that the tokens of each attend to those of the other.
  case joint
  /// Each text is a sequence of its own. For the embeddings u and v of the two texts, the embedding of the pair is
  /// (u, v, |u − v|, u·v), with products element by element, and the classifier reads this (Reimers and Gurevych 2019, arXiv
  /// 1908.10084, who leave the product out).
  case separate

  /// The description of the option `pairs`.
  static let summary =
    "How two texts are read. `joint`: as one sequence; `separate`: each by itself, and the classifier reads u, v, |u − v| and u·v of "
    + "their embeddings. Checkpoints of sentence encoders are good at the latter. Default: that of the encoder that is copied, or "
    + "`joint`."

  /// The width of the embedding of an example, in multiples of the width of one sequence.
  var parts: Int { self == .joint ? 1 : 4 }
}

extension PairReading {
  /// Checks that the texts of a task can be read in this way.
  ///
  /// - Throws: ``WiringError`` if single texts are to be read as pairs.
  func check(in context: PipelineContext) throws {
    if self == .separate && !context.hasPairs {
      throw WiringError(
        "reads the two texts of a pair apart, and the examples of this task are single texts", option: "pairs")
    }
  }

  /// Checks that a tokenizer tells the texts of a pair apart, by the types of their tokens.
  ///
  /// - Throws: ``WiringError`` if they are to be read apart and all tokens have one type.
  func check(_ tokenizer: any Tokenizer) throws {
    if self == .separate, !tokenizer.encode("a", pair: "a", maxLength: nil).typeIDs.contains(1) {
      throw WiringError(
        "reads the two texts of a pair apart, and this tokenizer gives all their tokens the same type", option: "pairs")
    }
  }
}
