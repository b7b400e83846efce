import DistillCore
import Foundation

/// A linear map from the means of a student's states after some layers to the embeddings of another encoder.
///
/// For one text, x are the means of its states after each of the layers, side by side, and e is the other encoder's embedding of
/// length 1. The map is the ridge regression of e on x (``RidgeProblem``) over all texts of the training.
struct StateMap: Sendable {
  /// The layers whose states are read, counted from 1.
  let layers: [Int]
  /// The map [layers · H] → [D].
  let map: LinearMap
  /// The mean cosine between the mapped states and the embeddings on the texts that chose the strength of the penalty.
  let cosine: Float

  private static let fileName = "state-map.safetensors"
  /// The strengths to choose from.
  private static let strengths = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]

  /// The activations that the map reads.
  var activations: Set<Activation> { Self.activations(layers) }

  private static func activations(_ layers: [Int]) -> Set<Activation> { Set(layers.map { .hidden(layer: $0) }) }

  /// Returns the means of the states after each layer, side by side, [B, layers · H].
  func means(_ response: Response, _ batch: TokenBatch) throws -> Tensor { try Self.means(response, batch, layers) }

  private static func means(_ response: Response, _ batch: TokenBatch, _ layers: [Int]) throws -> Tensor {
    concatenatedColumns(try layers.map { try response[.hidden(layer: $0)].segmentMeans(batch.offsets) })
  }

  /// Fits the map. The strength of the penalty is the one with the largest mean cosine on other texts.
  ///
  /// - Parameters:
  ///   - student: The encoder whose states are read.
  ///   - layers: The layers.
  ///   - target: The encoder whose embeddings are to be met.
  ///   - data: The texts that the map is fitted to.
  ///   - selection: The texts that choose the strength. If there are none, it is every fifth of `data`.
  ///   - progress: Called with the number of texts that are done. An error that it throws ends the work.
  /// - Throws: `ContractError` if the states or the embeddings are not finite, and the errors of the encoders.
  init(
    from student: any TextEncoder, layers: [Int], to target: any TextEncoder, fitting data: EncodedDataset,
    choosingOn selection: EncodedDataset, progress: (Int) throws -> Void = { _ in }
  ) throws {
    typealias Pairs = (x: Matrix, y: Matrix)
    func pairs(_ data: EncodedDataset, _ progress: (Int) throws -> Void) throws -> Pairs {
      var (x, y) = ([Tensor](), [Tensor]())
      for start in stride(from: 0, to: data.count, by: 64) {
        let batch = data.batch(start..<min(start + 64, data.count))
        x.append(try Self.means(student.respond(to: batch, with: Self.activations(layers)), batch, layers))
        y.append(try target.respond(to: batch, with: [.embedding])[.embedding].l2Normalised())
        try progress(start + batch.sequenceCount)
      }
      return (Matrix(concatenatedRows(x)), Matrix(concatenatedRows(y)))
    }
    func split(_ all: Pairs, _ isIncluded: (Int) -> Bool) -> Pairs {
      let rows = (0..<all.x.rows).filter(isIncluded)
      return (all.x.gathered(rows), all.y.gathered(rows))
    }
    let all = try pairs(data, progress)
    let isSplit = selection.count == 0 && data.count >= 5
    let fitted = isSplit ? split(all) { $0 % 5 != 4 } : all
    let others = isSplit ? split(all) { $0 % 5 == 4 } : selection.count == 0 ? all : try pairs(selection) { _ in }
    let problem = try RidgeProblem(fitted.x, fitted.y)
    var best: (map: LinearMap, strength: Double, cosine: Float)?
    for strength in Self.strengths {
      let map = try problem.solve(strength: strength)
      let cosine = cosineSimilarity(map(others.x).tensor, others.y.tensor).mean().scalar
      if cosine > best?.cosine ?? -.infinity { best = (map, strength, cosine) }
    }
    guard let best else {
      throw ContractError("the states of the student are not finite; nothing can be fitted to them")
    }
    (self.layers, cosine) = (layers, best.cosine)
    map = try isSplit ? RidgeProblem(all.x, all.y).solve(strength: best.strength) : best.map
  }

  /// Writes the file `state-map.safetensors` with `weight` [D, layers · H] and `bias` [D].
  func write(to folder: URL) throws {
    var writer = SafetensorsWriter(metadata: [
      "layers": layers.map(String.init).joined(separator: " "), "cosine": "\(cosine)",
    ])
    writer.add("weight", shape: [map.weight.rows, map.weight.columns]) { map.weight.values }
    writer.add("bias", shape: [map.bias.count]) { map.bias }
    try writer.write(to: folder.appending(path: Self.fileName))
  }

  /// Reads the file that ``write(to:)`` wrote.
  ///
  /// - Throws: `FormatError` if the file is missing, damaged, or does not fit the student.
  init(folder: URL, student: ModelCard) throws {
    let file = folder.appending(path: Self.fileName)
    let reader = try SafetensorsReader(file)
    let layers = (reader.metadata["layers"] ?? "").split(separator: " ").compactMap { Int($0) }
    guard !layers.isEmpty, layers.allSatisfy({ 1...student.layers ~= $0 }),
      let shape = reader.tensors["weight"]?.shape, shape.count == 2, shape[1] == layers.count * student.width,
      reader.tensors["bias"]?.shape == [shape[0]]
    else { throw FormatError(file: file, "holds no map from states of this student") }
    let (weight, bias) = (try reader.floats(named: "weight"), try reader.floats(named: "bias"))
    guard (weight + bias).allSatisfy(\.isFinite) else {
      throw FormatError(file: file, "holds a number that is not finite")
    }
    self.layers = layers
    map = LinearMap(weight: Matrix(rows: shape[0], columns: shape[1], values: weight), bias: bias)
    cosine = reader.metadata["cosine"].flatMap { Float($0) } ?? 0
  }
}
