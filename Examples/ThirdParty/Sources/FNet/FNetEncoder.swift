import DistillCore
import DistillWordPiece
import Foundation

/// An FNet whose weights do not change.
public struct FNetEncoder: Teacher {
  private static let (configuration, weightFile) = ("fnet.json", "fnet.safetensors")
  let network: FNetNetwork
  let weights: Weights

  public var card: ModelCard { network.card }
  public var tokenizer: any Tokenizer { network.tokenizer }

  public func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
    try network.respond(to: batch, with: activations, dropout: nil) { weights[$0] }
  }

  public func write(to folder: URL) throws {
    try AtomicFile.write(JSONEncoder().encode(network.shape), to: folder.appending(path: Self.configuration))
    var writer = SafetensorsWriter()
    for definition in network.layout.definitions {
      writer.add(definition.name, shape: definition.shape.array) { weights[definition.name].values }
    }
    try writer.write(to: folder.appending(path: Self.weightFile))
    try tokenizer.write(to: folder)
  }

  /// What ``write(to:)`` wrote.
  /// - Throws: `FormatError` for a folder that holds no FNet of this task.
  init(folder: URL, task: TaskKind) throws {
    let file = folder.appending(path: Self.configuration)
    guard let data = try? Data(contentsOf: file), let shape = try? JSONDecoder().decode(FNetShape.self, from: data)
    else {
      throw FormatError(file: file, "is not the shape of an FNet")
    }
    let network = try FNetNetwork(shape, task: task, tokenizer: WordPieceTokenizer(folder: folder))
    let reader = try SafetensorsReader(folder.appending(path: Self.weightFile))
    self.network = network
    weights = try Weights(network.layout) { definition in
      guard reader.tensors[definition.name]?.shape == definition.shape.array else {
        throw FormatError(file: reader.url, "holds no \(definition.name) of shape \(definition.shape)")
      }
      return try reader.floats(named: definition.name)
    }
  }

  init(_ network: FNetNetwork, _ weights: Weights) { (self.network, self.weights) = (network, weights) }
}
