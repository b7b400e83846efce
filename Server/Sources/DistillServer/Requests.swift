/// The body of `POST /predict`: our own, with `texts`, or that of text-embeddings-inference, with `inputs`.
struct PredictRequest: Decodable {
  enum Form {
    case own(neighbours: Int, scores: Bool, top: Int)
    /// The shape of text-embeddings-inference, and whether one text was asked without an array around it.
    case ranked(isSingle: Bool)
  }

  let texts: [TextInput]
  let form: Form

  init(from decoder: any Decoder) throws {
    if try decoder.container(keyedBy: Member.self).contains("inputs") {
      let members = try decoder.members("inputs", "truncate", "raw_scores", "truncation_direction")
      for name: Member in ["truncate", "raw_scores"] { _ = try members.flag(name) }
      if try members.flag("raw_scores") {
        throw DecodingError.dataCorruptedError(
          forKey: "raw_scores", in: members,
          debugDescription: "there are no raw scores: answers are mixed of probabilities")
      }
      if let one = try? members.decode(TextInput.self, forKey: "inputs") {
        (texts, form) = ([one], .ranked(isSingle: true))
      } else {
        (texts, form) = (try members.decode([TextInput].self, forKey: "inputs"), .ranked(isSingle: false))
      }
      return
    }
    let members = try decoder.members("texts", "neighbours", "scores", "top")
    texts = try members.decode([TextInput].self, forKey: "texts")
    form = .own(
      neighbours: try members.number("neighbours", in: 0...64, default: 3), scores: try members.flag("scores"),
      top: try members.number("top", in: 1...10_000, default: 1))
  }
}

/// The body of `POST /embed`: our own, with `texts`, or that of text-embeddings-inference, with `inputs`.
struct EmbedRequest: Decodable {
  let texts: [TextInput]
  let isOwn: Bool
  /// Whether each embedding is scaled to length 1.
  let normalises: Bool

  init(from decoder: any Decoder) throws {
    isOwn = try !decoder.container(keyedBy: Member.self).contains("inputs")
    if isOwn {
      let members = try decoder.members("texts", "normalize")
      (texts, normalises) = (
        try members.decode([TextInput].self, forKey: "texts"), try members.flag("normalize", default: true)
      )
    } else {
      let members = try decoder.members("inputs", "truncate", "normalize", "truncation_direction")
      _ = try members.flag("truncate")
      (texts, normalises) = (
        try members.decode(TextInputs.self, forKey: "inputs").texts, try members.flag("normalize", default: true)
      )
    }
  }
}

/// The body of `POST /v1/embeddings`, as OpenAI describes it.
struct OpenAIRequest: Decodable {
  enum Encoding: String, Decodable { case float, base64 }

  let texts: [TextInput]
  let model: String?
  let encoding: Encoding
  let dimensions: Int?

  init(from decoder: any Decoder) throws {
    let members = try decoder.members("input", "model", "encoding_format", "dimensions", "user")
    texts = try members.decode(TextInputs.self, forKey: "input").texts
    model = try members.decodeIfPresent(String.self, forKey: "model")
    encoding = try members.decodeIfPresent(Encoding.self, forKey: "encoding_format") ?? .float
    dimensions = try members.decodeIfPresent(Int.self, forKey: "dimensions")
    _ = try members.decodeIfPresent(String.self, forKey: "user")
  }
}

/// The body of `POST /knowledge`.
struct TeachRequest: Decodable {
  struct Entry: Decodable {
    let text: String
    let pair, label, source: String?
    let labels: [String]?
    let score: Float?

    init(from decoder: any Decoder) throws {
      let members = try decoder.members("text", "pair", "label", "labels", "score", "source")
      text = try members.decode(String.self, forKey: "text")
      pair = try members.decodeIfPresent(String.self, forKey: "pair")
      label = try members.decodeIfPresent(String.self, forKey: "label")
      labels = try members.decodeIfPresent([String].self, forKey: "labels")
      score = try members.decodeIfPresent(Float.self, forKey: "score")
      source = try members.decodeIfPresent(String.self, forKey: "source")
    }
  }

  let entries: [Entry]

  init(from decoder: any Decoder) throws {
    entries = try decoder.members("entries").decode([Entry].self, forKey: "entries")
  }
}

/// The body of `POST /v2/models/NAME/infer`, as the Open Inference Protocol describes it.
struct InferRequest: Decodable {
  struct Output: Decodable { let name: String }

  struct Input: Decodable {
    let name, datatype: String
    let shape: [Int]
    /// The texts, end to end, however the arrays are nested.
    let data: [String]

    private enum CodingKeys: CodingKey { case name, datatype, shape, data }

    init(from decoder: any Decoder) throws {
      let members = try decoder.container(keyedBy: CodingKeys.self)
      name = try members.decode(String.self, forKey: .name)
      datatype = try members.decode(String.self, forKey: .datatype)
      shape = try members.decode([Int].self, forKey: .shape)
      if let rows = try? members.decode([[String]].self, forKey: .data) {
        data = rows.flatMap(\.self)
      } else {
        data = try members.decode([String].self, forKey: .data)
      }
    }
  }

  let id: String?
  let inputs: [Input]
  let outputs: [Output]?
}
