import DistillCore
import DistillEncoder
import DistillMPNet
import DistillTestKit
import Foundation
import Testing

/// Numbers of every architecture against `transformers`.
struct ParityTests {
  static let trained = ["distilbert", "roberta", "mpnet", "electra"]
  static let all =
    trained + [
      "xlm-roberta", "camembert", "distilbert-shards", "roberta-half", "electra-brain", "roberta-bare", "mpnet-bare",
    ]

  /// Every activation, for a batch that is padded and masked there and packed here. A teacher from a fine-tuned checkpoint answers with
  /// the head that is in the file.
  @Test(arguments: all) func activationsEqualTransformers(_ name: String) throws {
    let answers = try Answers(name)
    let isBare = name.hasSuffix("-bare")
    let model = try Kind.of(name).student(Answers.url(name), isBare ? .pooler : nil, nil).model()
    #expect(model.untrained == (isBare ? [.logits] : []))
    let activations = answers.activations()
    #expect(activations.count == (isBare ? 1 : 2) + 2 + 3 * model.card.layers)
    let response = try model.respond(to: answers.batch(), with: Set(activations))
    for activation in activations {
      // The reference is exact to a rounding. A layer adds some tens of products in Float32 (ε = 6e-8) a few times over.
      let deviation = try response[activation].deviation(from: answers["\(activation)"])
      #expect(deviation < 2e-5, "\(activation)")
    }
  }

  @Test(arguments: trained) func gradientsEqualTransformers(_ name: String) throws {
    let answers = try Answers(name)
    let (student, expected) = try withCopy(of: name) { folder in
      for probability in ["dropout", "attention_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob"] {
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing("\"\(probability)\": 0.1", with: "\"\(probability)\": 0.0").utf8).write(to: file)
      }
      return (try Kind.of(name).student(folder, nil, nil), Set(answers.names("gradient/")))
    }
    let last = Activation.hidden(layer: student.card.layers)
    let response = try student.respond(to: answers.batch(), with: [.logits, last], dropout: RandomKey(1))
    ((try response[.logits] * answers["loss/logits"]).sum() + (try response[last] * answers["loss/hidden"]).sum())
      .backward()
    #expect(Set(student.parameters.parameters.map(\.name)) == expected)
    let largest = try expected.map { try answers["gradient/\($0)"].magnitude }.max() ?? 0
    for parameter in student.parameters.parameters {
      // A bias of keys changes no softmax and has no gradient but roundings: it is measured by the largest of all.
      let isOfKeys = ["attention.self.key.bias", "attention.attn.k.bias", "attention.k_lin.bias"].contains(
        where: parameter.name.hasSuffix)
      let found = Tensor(parameter.gradient.values, parameter.shape)
      let deviation = try found.deviation(
        from: answers["gradient/\(parameter.name)"], floor: isOfKeys ? largest : largest / 1000)
      #expect(deviation < 1e-4, "\(parameter.name)")
    }
  }

  @Test func bucketsOfDistancesEqualTransformers() throws {
    let bias = try #require(MPNet.architecture.relativeBias)
    let expected = try Answers("buckets")["buckets"].values
    for (place, row) in expected.enumerated() { #expect(bias.bucket(place - 600) == Int(row), "\(place - 600)") }
  }

  @Test(arguments: trained, Readout.allCases) func conforms(_ name: String, _ readout: Readout) throws {
    let kind = try Kind.of(name)
    try EncoderConformance(
      kind.student(Answers.url(name), readout, nil), sequences: Answers(name).sequences(), load: kind.load
    ).check()
  }

  /// Logits from the [CLS] rows of the last layer alone, and from all rows.
  @Test(arguments: trained) func theClassTokenAloneIsEnough(_ name: String) throws {
    let answers = try Answers(name)
    let model = try Kind.of(name).student(Answers.url(name), nil, nil).model()
    let short = try model.respond(to: answers.batch(), with: [.logits])
    let full = try model.respond(to: answers.batch(), with: [.logits, .hidden(layer: model.card.layers)])
    // The same products, of other numbers of rows.
    #expect(try short[.logits].deviation(from: full[.logits]) < 1e-5)
  }

  /// A sequence may be as long as the table of positions allows, and no longer.
  @Test(arguments: [("roberta", 34), ("xlm-roberta", 30), ("mpnet", 34), ("electra", 36), ("distilbert", 36)])
  func lengths(_ name: String, _ longest: Int) throws {
    let model = try Kind.of(name).student(Answers.url(name), nil, nil).model()
    #expect(model.card.maximumLength == longest)
    func answer(_ length: Int) throws {
      let sequence = TokenSequence(
        ids: Array(repeating: 7, count: length), typeIDs: Array(repeating: 0, count: length))
      _ = try model.respond(to: TokenBatch([sequence], examples: [0]), with: [.logits])
    }
    try answer(longest)
    #expect(throws: ContractError.self) { try answer(longest + 1) }
  }

  /// A multilingual BERT is a BERT whose tokenizer keeps case and accents.
  @Test func multilingualBERT() throws {
    let answers = try Answers("multilingual")
    let model = try Kind.of("bert").student(Answers.url("multilingual"), nil, nil).model()
    let texts = try JSONDecoder().decode([String].self, from: Data(contentsOf: Answers.url("texts.json")))
    for (index, text) in texts.enumerated() {
      let sequence = model.tokenizer.encode(text, pair: nil, maxLength: nil)
      #expect(try sequence.ids == answers["ids/\(index)"].values.map { Int32($0) }, "\(text)")
    }
    let sequence = model.tokenizer.encode(texts[3], pair: nil, maxLength: nil)
    let logits = try model.respond(to: TokenBatch([sequence], examples: [0]), with: [.logits])[.logits]
    #expect(try logits.deviation(from: answers["logits"]) < 2e-5)
  }

  /// From texts to logits, with the tokenizers of these models.
  @Test(arguments: ["roberta-pieces", "xlm-roberta-pieces", "mpnet-pieces"])
  func textsEqualTransformers(_ name: String) throws {
    let answers = try Answers(name)
    let model = try Kind.of(name).student(Answers.url(name), nil, nil).model()
    let texts = try JSONDecoder().decode([String].self, from: Data(contentsOf: Answers.url("texts.json")))
    for (index, text) in texts.enumerated() {
      let sequence = model.tokenizer.encode(text, pair: nil, maxLength: nil)
      #expect(try sequence.ids == answers["ids/\(index)"].values.map { Int32($0) }, "\(text)")
      let logits = try model.respond(to: TokenBatch([sequence], examples: [0]), with: [.logits])[.logits]
      #expect(try logits.deviation(from: answers["logits/\(index)"]) < 2e-5, "\(text)")
    }
  }

  /// The tokens of both texts have the same type, which is only noticed late unless it is asked.
  @Test func pairsThatCannotBeSeparated() throws {
    let error = #expect(throws: WiringError.self) {
      try Kind.of("roberta").random(Answers.url("roberta-pieces"), .mean, .separate)
    }
    #expect("\(error as Any)".contains("same type"))
  }
}
