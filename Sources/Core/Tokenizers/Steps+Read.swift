import DistillText
import DistillWordPiece

extension NormalizerStep {
  private static let supported = [
    "Sequence": ["normalizers"], "NFC": [], "NFD": [], "NFKC": [], "NFKD": [], "Lowercase": [], "StripAccents": [],
    "Nmt": [], "Strip": ["strip_left", "strip_right"], "Prepend": ["prepend"], "Replace": ["pattern", "content"],
    "BertNormalizer": ["clean_text", "handle_chinese_chars", "strip_accents", "lowercase"],
    "Precompiled": ["precompiled_charsmap"],
  ]

  /// Reads a normaliser, which may be a sequence.
  static func steps(_ place: FilePlace) throws -> [NormalizerStep] {
    switch try place.type(supported) {
    case "Sequence": return try place["normalizers"].elements().flatMap(steps)
    case "NFC": return [.form(CanonicalForm(isCompatible: false, isComposed: true))]
    case "NFD": return [.form(CanonicalForm(isCompatible: false, isComposed: false))]
    case "NFKC": return [.form(CanonicalForm(isCompatible: true, isComposed: true))]
    case "NFKD": return [.form(CanonicalForm(isCompatible: true, isComposed: false))]
    case "Lowercase": return [.map(.lowercase)]
    case "StripAccents": return [.map(.stripAccents)]
    case "Nmt": return [.map(.nmt)]
    case "Strip":
      return [.strip(left: try place["strip_left"].flag(or: true), right: try place["strip_right"].flag(or: true))]
    case "Prepend": return [.prepend(Array(try place["prepend"].string().utf8))]
    case "Replace":
      let pattern = try SearchPattern(place["pattern"])
      return [.replace(pattern, with: Array(try place["content"].string().utf8))]
    case "BertNormalizer":
      guard try place["clean_text"].flag(or: true) else {
        throw place["clean_text"].error("false is not supported; supported is true")
      }
      let strips = place["strip_accents"]
      let rules = Normalization(
        lowercase: try place["lowercase"].flag(or: true), stripAccents: strips.value == nil ? nil : try strips.flag(),
        spaceIdeographs: try place["handle_chinese_chars"].flag(or: true))
      return [.bert(Normalizer(rules), rules)]
    default: return [.charsmap(try Charsmap(place["precompiled_charsmap"]))]
    }
  }
}

extension PreTokenizerStep {
  private static let supported = [
    "Sequence": ["pretokenizers"], "ByteLevel": ["add_prefix_space", "trim_offsets", "use_regex"],
    "Metaspace": ["replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"], "BertPreTokenizer": [],
    "Whitespace": [], "WhitespaceSplit": [], "Split": ["pattern", "behavior", "invert"], "Punctuation": ["behavior"],
    "Digits": ["individual_digits"],
  ]

  /// Reads a pre-tokenizer, which may be a sequence.
  ///
  /// - `isByteLevel`: Becomes true if the model receives bytes. No step may come after that.
  static func steps(_ place: FilePlace, isByteLevel: inout Bool, isFirst: Bool = true) throws -> [PreTokenizerStep] {
    guard !isByteLevel else {
      throw place.error("a step behind ByteLevel is not supported; ByteLevel must be the last")
    }
    switch try place.type(supported) {
    case "Sequence":
      var steps: [PreTokenizerStep] = []
      for part in try place["pretokenizers"].elements() {
        steps += try self.steps(part, isByteLevel: &isByteLevel, isFirst: isFirst && steps.isEmpty)
      }
      return steps
    case "ByteLevel":
      isByteLevel = true
      _ = try place["trim_offsets"].flag(or: true)  // offsets are not returned
      return (try place["add_prefix_space"].flag(or: true) ? [.prefixSpace] : [])
        + (try place["use_regex"].flag(or: true) ? [.words] : [])
    case "Metaspace": return [try metaspace(place, isFirst: isFirst)]
    case "BertPreTokenizer":
      return [.classes(dropped: ScalarClasses.space, isolated: ScalarClasses.punctuation)]
    case "Whitespace": return [.groups(ScalarClasses.word, dropped: ScalarClasses.space)]
    case "WhitespaceSplit": return [.classes(dropped: ScalarClasses.space, isolated: 0)]
    case "Punctuation":
      return try place["behavior"].choice(
        [
          "Isolated": [.classes(dropped: 0, isolated: ScalarClasses.punctuation)],
          "Removed": [.classes(dropped: ScalarClasses.punctuation, isolated: 0)],
          "Contiguous": [.groups(ScalarClasses.punctuation, dropped: 0)],
        ], or: [.classes(dropped: 0, isolated: ScalarClasses.punctuation)])
    case "Digits":
      return try place["individual_digits"].flag(or: false)
        ? [.classes(dropped: 0, isolated: ScalarClasses.digit)] : [.groups(ScalarClasses.digit, dropped: 0)]
    default:
      let behavior = try place["behavior"].choice([
        "Removed": SplitBehavior.removed, "Isolated": .isolated, "MergedWithPrevious": .mergedWithPrevious,
        "MergedWithNext": .mergedWithNext, "Contiguous": .contiguous,
      ])
      return [
        .split(try SearchPattern(place["pattern"]), behavior, isInverted: try place["invert"].flag(or: false))
      ]
    }
  }

  private static func metaspace(_ place: FilePlace, isFirst: Bool) throws -> PreTokenizerStep {
    let sign = try place["replacement"].string()
    guard sign.unicodeScalars.count == 1 else { throw place["replacement"].error("must be one character") }
    let older: Prefix = try place["add_prefix_space"].flag(or: true) ? .always : .never
    let prefix = try place["prepend_scheme"].choice(
      ["always": Prefix.always, "first": .first, "never": .never], or: older)
    if prefix == .first, !isFirst {
      throw place["prepend_scheme"].error("first is only supported in the first step; supported are always, never")
    }
    return .metaspace(
      replacement: Array(sign.utf8), prefix, splits: try place["split"].flag(or: true))
  }
}

extension SequenceTemplate {
  private static let supported = [
    "TemplateProcessing": ["single", "pair", "special_tokens"], "Sequence": ["processors"],
    "RobertaProcessing": ["sep", "cls", "trim_offsets", "add_prefix_space"], "BertProcessing": ["sep", "cls"],
    "ByteLevel": ["add_prefix_space", "trim_offsets", "use_regex"],
  ]

  static func bert(first: Int32, last: Int32) -> SequenceTemplate {
    let single = [Part.special([first], type: 0), .first(type: 0), .special([last], type: 0)]
    return SequenceTemplate(single: single, pair: single + [.second(type: 1), .special([last], type: 1)])
  }

  /// Reads a post-processor. Without one, no special tokens are added.
  init(_ place: FilePlace) throws {
    self.init()
    guard place.value != nil else { return }
    switch try place.type(Self.supported) {
    case "TemplateProcessing":
      single = try Self.parts(place["single"], place["special_tokens"])
      pair = try Self.parts(place["pair"], place["special_tokens"])
      if single.contains(where: { if case .second = $0 { true } else { false } }) {
        throw place["single"].error("must not contain the second text, B")
      }
    case "RobertaProcessing":
      let (first, last) = (try Self.token(place["cls"]), try Self.token(place["sep"]))
      single = [.special([first], type: 0), .first(type: 0), .special([last], type: 0)]
      pair = single + [.special([last], type: 0), .second(type: 0), .special([last], type: 0)]
    case "BertProcessing":
      self = .bert(first: try Self.token(place["cls"]), last: try Self.token(place["sep"]))
    case "Sequence":
      let templates = try place["processors"].elements().filter {
        $0["type"].value?.string != "ByteLevel"  // changes offsets only
      }
      guard templates.count < 2 else {
        throw place["processors"].error("more than one step beside ByteLevel is not supported")
      }
      if let template = templates.first { self = try SequenceTemplate(template) }
    default: break
    }
  }

  /// Reads a token and its id, such as `["</s>", 2]`.
  private static func token(_ place: FilePlace) throws -> Int32 {
    let pair = try place.elements()
    guard pair.count == 2 else { throw place.error("must be a token and its id") }
    _ = try pair[0].string()
    return try id(pair[1])
  }

  private static func id(_ place: FilePlace) throws -> Int32 {
    guard let id = Int32(exactly: try place.integer()), id >= 0 else { throw place.error("must be an id") }
    return id
  }

  private static func parts(_ place: FilePlace, _ special: FilePlace) throws -> [Part] {
    try place.elements().map { item in
      try item.only(["Sequence", "SpecialToken"])
      let content = item["SpecialToken"].value == nil ? item["Sequence"] : item["SpecialToken"]
      let type = try id(content["type_id"])
      if item["SpecialToken"].value == nil {
        return try content["id"].choice(["A": Part.first(type: type), "B": .second(type: type)])
      }
      let name = try content["id"].string()
      return .special(try special[name]["ids"].elements().map(id), type: type)
    }
  }
}
