import DistillCore
import Foundation

/// A teacher whose embedding goes through a linear head: z = W·e + b, [B, D_teacher] → [B, D].
final class ContrastiveHeadTeacher: Teacher {
  private static let fileName = "projection-head.safetensors"
  private let base: any Teacher
  private let options: SupervisedContrastiveHead
  private let head: ParameterStore
  private var weight: Parameter { head["weight"] }
  private var bias: Parameter { head["bias"] }

  init(_ base: any Teacher, width: Int, options: SupervisedContrastiveHead) throws {
    (self.base, self.options) = (base, options)
    head = try ParameterStore([
      ParameterDefinition("weight", [width, base.card.embeddingWidth], decays: true),
      ParameterDefinition("bias", [width], decays: false),
    ])
  }

  /// Random rows with the variance 1 / D_teacher, so that lengths are kept on average; a zero bias.
  func initialise(key: RandomKey) {
    let deviation = 1 / Float(base.card.embeddingWidth).squareRoot()
    weight.assign(Tensor(normal: weight.shape, standardDeviation: deviation, key: key.child("projection-head")))
  }

  var card: ModelCard {
    var card = base.card
    card.embeddingWidth = weight.shape[0]
    return card
  }
  var tokenizer: any Tokenizer { base.tokenizer }
  var innermost: any Encoder { base.innermost }
  var untrained: Set<Activation> { base.untrained }

  func respond(to batch: TokenBatch, with activations: Set<Activation>, pass: Pass) throws -> Response {
    var response = try base.respond(to: batch, with: activations, pass: .inference)
    if activations.contains(.embedding) {
      response.set(.embedding, linear(try response[.embedding], weight: weight.value, bias: bias.value))
    }
    return response
  }

  func prepare(_ preparation: Preparation) throws {
    try base.prepare(preparation)
    let data = preparation.data.training
    guard let targets = data.targets else { throw ContractError("the training data has no labels to contrast") }
    let objective = HeadFitting(
      head, embeddings: try embeddings(of: data), classes: classes(targets), temperature: options.temperature)
    try preparation.trainer.fit(objective, options: options.fit, phase: "teacher: contrastive head")
  }

  /// The frozen base is asked once for every example: [M, D_teacher].
  private func embeddings(of data: EncodedDataset) throws -> Tensor {
    concatenatedRows(
      try stride(from: 0, to: data.count, by: 64).map { start in
        let batch = data.batch(start..<min(start + 64, data.count))
        return try base.respond(to: batch, with: [.embedding], pass: .inference)[.embedding]
      })
  }

  /// Labels as they are; scores by the stretch of their range that they fall into.
  private func classes(_ targets: [Target]) -> [Int] {
    let scores = targets.compactMap { if case .score(let score) = $0 { score } else { nil } }
    let (low, high) = (scores.min() ?? 0, scores.max() ?? 0)
    let bins = options.regressionBins
    return targets.map {
      switch $0 {
      case .label(let label): label
      case .score(let score): high > low ? min(bins - 1, Int((score - low) / (high - low) * Float(bins))) : 0
      }
    }
  }

  func write(to folder: URL) throws {
    try base.write(to: folder)
    var writer = SafetensorsWriter()
    for parameter in head.parameters {
      writer.add(parameter.name, shape: parameter.shape.array) { parameter.value.values }
    }
    try writer.write(to: folder.appending(path: Self.fileName))
  }

  func loadHead(from folder: URL) throws {
    let file = folder.appending(path: Self.fileName)
    let reader = try SafetensorsReader(file)
    for parameter in head.parameters {
      guard let info = reader.tensors[parameter.name], info.shape == parameter.shape.array else {
        throw FormatError(file: file, "holds no \(parameter.name) of shape \(parameter.shape)")
      }
      let values = try reader.floats(named: parameter.name)
      guard values.allSatisfy(\.isFinite) else {
        throw FormatError(file: file, "\(parameter.name) holds a number that is not finite")
      }
      parameter.assign(values)
    }
  }
}

/// The head's objective: batches of frozen embeddings under the supervised contrastive loss.
final class HeadFitting: Objective {
  let parameters: [ParameterStore]
  private let embeddings: Tensor
  private let classes: [Int]
  private let temperature: Float

  init(_ head: ParameterStore, embeddings: Tensor, classes: [Int], temperature: Float) {
    parameters = [head]
    (self.embeddings, self.classes, self.temperature) = (embeddings, classes, temperature)
  }

  var exampleCount: Int { classes.count }

  func accumulateGradients(for step: Step) throws -> StepFigures {
    let rows = embeddings.gatheredRows(step.examples.map(Int32.init))
    let z = linear(rows, weight: parameters[0]["weight"].variable, bias: parameters[0]["bias"].variable)
    let loss = supervisedContrastiveLoss(z, classes: step.examples.map { classes[$0] }, temperature: temperature)
    loss?.backward()  // nil: every example of the batch is alone in its class, and there is nothing to learn from it
    let value = Double(loss?.scalar ?? 0)
    return StepFigures(loss: value, terms: [("supervised-contrastive", value)])
  }
}
