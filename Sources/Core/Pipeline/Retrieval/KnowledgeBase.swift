import DistillCore
import DistillTraining
import Foundation

/// What is known about the training examples: embeddings of length 1 and labels, with one node for each distinct embedding.
///
/// Zhang et al., ACL 2023, store the teacher's embedding and soft label (z_k, ȳ_k) of every training example k.
public struct KnowledgeBase: Sendable {
  /// The embeddings [M, D]. Each row has length 1.
  public let embeddings: Matrix
  /// The labels [M, C]: probabilities, which are 0 and 1 for a gold label, or scores for regression.
  public let softLabels: Matrix
  /// For each of the M nodes, the first example with this embedding, counted from 0 in the training file. Unlabelled texts follow
  /// those of that file.
  public let rows: [Int]

  private static let fileName = "knowledge.safetensors"

  /// Creates a knowledge base. Examples whose embeddings are bitwise equal become one node with the mean of their soft labels.
  ///
  /// - Parameters:
  ///   - embeddings: One row of length 1 for each example.
  ///   - softLabels: One row of probabilities or scores for each example.
  ///   - rows: The position of each example in the training file.
  public init(embeddings: Matrix, softLabels: Matrix, rows: [Int]) {
    var nodes: [ArraySlice<Float>: Int] = [:]
    var members: [[Int]] = []
    for example in 0..<embeddings.rows {
      let node = nodes[embeddings.row(example), default: members.count]
      if node == members.count {
        nodes[embeddings.row(example)] = node
        members.append([])
      }
      members[node].append(example)
    }
    self.embeddings = embeddings.gathered(members.map { $0[0] })
    self.rows = members.map { rows[$0[0]] }
    var means: [Float] = []
    for node in members {
      for column in 0..<softLabels.columns {
        let sum = node.reduce(0) { $0 + softLabels.values[$1 * softLabels.columns + column] }
        means.append(sum / Float(node.count))
      }
    }
    self.softLabels = Matrix(rows: members.count, columns: softLabels.columns, values: means)
  }

  /// M, the number of nodes.
  public var count: Int { embeddings.rows }

  /// Writes the file `knowledge.safetensors` with the tensors `embeddings` [M, D], `soft_labels` [M, C] and `rows` [M].
  public func write(to folder: URL) throws {
    var writer = SafetensorsWriter()
    writer.add("embeddings", shape: [embeddings.rows, embeddings.columns]) { embeddings.values }
    writer.add("soft_labels", shape: [softLabels.rows, softLabels.columns]) { softLabels.values }
    writer.add("rows", shape: [rows.count]) { rows.map(Int64.init) }
    try writer.write(to: folder.appending(path: Self.fileName))
  }

  /// Reads the file that ``write(to:)`` wrote.
  ///
  /// - Throws: `FormatError` if the file is missing or does not contain a knowledge base.
  public init(folder: URL) throws {
    let file = folder.appending(path: Self.fileName)
    let reader = try SafetensorsReader(file)
    func matrix(_ name: String) throws -> Matrix {
      guard let shape = reader.tensors[name]?.shape, shape.count == 2 else {
        throw FormatError(file: file, "holds no matrix `\(name)`")
      }
      let values = try reader.floats(named: name)
      guard values.allSatisfy(\.isFinite) else {
        throw FormatError(file: file, "holds a number in `\(name)` that is not finite; make the run again")
      }
      return Matrix(rows: shape[0], columns: shape[1], values: values)
    }
    embeddings = try matrix("embeddings")
    softLabels = try matrix("soft_labels")
    rows = try reader.integers(named: "rows").map(Int.init)
    guard embeddings.rows == softLabels.rows && embeddings.rows == rows.count else {
      throw FormatError(file: file, "holds different numbers of embeddings, soft labels and rows")
    }
  }
}
