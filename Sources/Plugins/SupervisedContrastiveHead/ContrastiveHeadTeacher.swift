import DistillCore
import Foundation

/// A teacher whose embedding e passes through a linear head: z = W·e + b, [B, D_teacher] → [B, D].
struct ContrastiveHeadTeacher: Teacher {
  private static let fileName = "projection-head.safetensors"
  /// The teacher under the head, which provides everything except the embedding.
  private let base: any Teacher
  private let head: Weights
  let card: ModelCard

  init(_ base: any Teacher, head: Weights) {
    (self.base, self.head) = (base, head)
    var card = base.card
    card.embeddingWidth = head["bias"].count
    self.card = card
  }

  /// Returns the layout of W [D, D_teacher] and b [D].
  static func layout(over base: any Teacher, width: Int) throws -> ParameterLayout {
    try ParameterLayout([
      ParameterDefinition("weight", [width, base.card.embeddingWidth], decays: true),
      ParameterDefinition("bias", [width], decays: false),
    ])
  }

  var tokenizer: any Tokenizer { base.tokenizer }
  var innermost: any TextEncoder { base.innermost }
  var untrained: Set<Activation> { base.untrained }
  var summary: String? { base.summary }
  func canAnswer(_ text: PlainText) -> Bool { base.canAnswer(text) }

  func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
    var response = try base.respond(to: batch, with: activations)
    if activations.contains(.embedding) {
      response.set(.embedding, linear(try response[.embedding], weight: head["weight"], bias: head["bias"]))
    }
    return response
  }

  func write(to folder: URL) throws {
    try base.write(to: folder)
    var writer = SafetensorsWriter()
    for definition in head.layout.definitions {
      writer.add(definition.name, shape: definition.shape.array) { head[definition.name].values }
    }
    try writer.write(to: folder.appending(path: Self.fileName))
  }

  /// Reads a head that ``write(to:)`` wrote.
  ///
  /// - Throws: `FormatError` if the file is missing or damaged, or if the head has another shape.
  init(_ base: any Teacher, width: Int, written folder: URL) throws {
    let file = folder.appending(path: Self.fileName)
    let reader = try SafetensorsReader(file)
    self.init(
      base,
      head: try Weights(Self.layout(over: base, width: width)) { definition in
        guard let info = reader.tensors[definition.name], info.shape == definition.shape.array else {
          throw FormatError(file: file, "holds no \(definition.name) of shape \(definition.shape)")
        }
        let values = try reader.floats(named: definition.name)
        guard values.allSatisfy(\.isFinite) else {
          throw FormatError(file: file, "\(definition.name) holds a number that is not finite")
        }
        return values
      })
  }
}
