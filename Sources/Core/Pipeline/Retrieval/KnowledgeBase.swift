import DistillCore
import DistillKnowledge
import DistillTraining
import Foundation

/// What is known about the training examples: embeddings of length 1 and labels, with one node for each distinct embedding.
///
/// Zhang et al., ACL 2023, store the teacher's embedding and soft label (z_k, ȳ_k) of every training example k.
///
/// A node whose entries were all removed stays, so that an index need not be made anew, and may not be found.
public struct KnowledgeBase: Sendable {
  /// The embeddings [M, D] of all nodes. Each row has length 1.
  public let embeddings: Matrix
  /// The labels [M, C]: probabilities, which are 0 and 1 for a gold label, or scores for regression. Those of removed nodes are 0.
  public let softLabels: Matrix
  /// For each of the M nodes, the number of the first entry with this embedding, or −1 if the node was removed.
  public let rows: [Int]
  /// For each of the M nodes, whether it may be found, or `nil` if all may.
  public let mayBeFound: [Bool]?
  /// Whether the labels are the answers of teachers, although the texts have labels of their own.
  private(set) var hasTeachersLabels = false
  /// The class of each node: the place of its largest label. Where several labels can apply, each node is a class of its own.
  let classes: [Int]
  /// The number of nodes of each class that may be found.
  let classSizes: [Int]

  /// Creates a knowledge base. Examples whose embeddings are bitwise equal become one node with the mean of their soft labels.
  ///
  /// - Parameters:
  ///   - embeddings: One row of length 1 for each example.
  ///   - softLabels: One row of probabilities or scores for each example.
  ///   - rows: The number of each entry, or −1 if it was removed.
  ///   - hasClasses: Whether each example belongs to one class. Where several labels can apply, each node is a class of its own.
  public init(embeddings: Matrix, softLabels: Matrix, rows: [Int], hasClasses: Bool = true) {
    var nodes: [ArraySlice<Float>: Int] = [:]
    var (first, members) = ([Int](), [[Int]]())
    for example in 0..<embeddings.rows {
      let node = nodes[embeddings.row(example), default: members.count]
      if node == members.count {
        nodes[embeddings.row(example)] = node
        first.append(example)
        members.append([])
      }
      if rows[example] >= 0 { members[node].append(example) }
    }
    let nodeRows = members.map { $0.first.map { rows[$0] } ?? -1 }
    var means: [Float] = []
    for node in members {
      for column in 0..<softLabels.columns {
        let sum = node.reduce(0) { $0 + softLabels.values[$1 * softLabels.columns + column] }
        means.append(sum / Float(max(node.count, 1)))
      }
    }
    self.init(
      nodes: embeddings.gathered(first), Matrix(rows: members.count, columns: softLabels.columns, values: means),
      rows: nodeRows, mayBeFound: members.contains(where: \.isEmpty) ? members.map { !$0.isEmpty } : nil,
      hasClasses: hasClasses)
  }

  private init(nodes: Matrix, _ softLabels: Matrix, rows: [Int], mayBeFound: [Bool]?, hasClasses: Bool = true) {
    (embeddings, self.softLabels, self.rows, self.mayBeFound) = (nodes, softLabels, rows, mayBeFound)
    guard hasClasses else {
      // No class is small then, so that an adaptive mixing weighs all nodes alike.
      (classes, classSizes) = (Array(0..<nodes.rows), [Int](repeating: .max, count: nodes.rows))
      return
    }
    classes = softLabels.rows == 0 ? [] : softLabels.tensor.rowArgmax()
    var sizes = [Int](repeating: 0, count: softLabels.columns)
    for (node, label) in classes.enumerated() where mayBeFound?[node] ?? true { sizes[label] += 1 }
    classSizes = sizes
  }

  /// Returns the knowledge base in which of some classes only the first few nodes may be found.
  func leaving(_ few: Int, of fewClasses: Set<Int>) -> KnowledgeBase {
    var left = [Int: Int]()
    let found = classes.indices.map { node in
      guard mayBeFound?[node] ?? true, fewClasses.contains(classes[node]) else { return mayBeFound?[node] ?? true }
      left[classes[node], default: 0] += 1
      return left[classes[node], default: 0] <= few
    }
    return KnowledgeBase(nodes: embeddings, softLabels, rows: rows, mayBeFound: found)
  }

  /// The nodes that may be found, in ascending order.
  var nodes: [Int] { mayBeFound.map { found in found.indices.filter { found[$0] } } ?? Array(0..<embeddings.rows) }

  /// The number of nodes that may be found.
  public var count: Int { mayBeFound?.count { $0 } ?? embeddings.rows }

  /// The file of a knowledge base from before it could be changed.
  static func file(in folder: URL) -> URL { folder.appending(path: "knowledge.safetensors") }

  /// Creates a knowledge base of everything that is known.
  ///
  /// - Parameters:
  ///   - state: What is known.
  ///   - labels: Whether true labels or the teacher's come first. An entry that has only one of them is known by that one.
  ///   - task: The labels of the columns, among which are all that occur.
  init(_ state: KnowledgeState, labels: KeyLabels, task: TaskKind) {
    var columns: [String: Int] = [:]
    if let names = task.labels {
      columns = Dictionary(names.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    }
    let width = task.outputs
    // Removed and other entries in the order of their numbers, so that the nodes of a state begin with those of the states before.
    var places = [(id: Int, values: [Float]?, key: ArraySlice<Float>)]()
    for (row, id) in state.removed.enumerated() { places.append((id, nil, state.removedKeys.row(row))) }
    for (row, entry) in state.entries.enumerated() {
      let soft = state.softLabels[entry.id].map { $0 + [Float](repeating: 0, count: width - $0.count) }
      var gold = entry.score.map { [$0] }
      if let labels = entry.allLabels?.compactMap({ columns[$0] }), task.isMultilabel || !labels.isEmpty {
        gold = Target.labels(labels).row(width)
      }
      let values = (labels.isSoft ? soft ?? gold : gold ?? soft) ?? [Float](repeating: 0, count: width)
      places.append((entry.id, values, state.keys.row(row)))
    }
    places.sort { $0.id < $1.id }
    let none = [Float](repeating: 0, count: width)
    self.init(
      embeddings: Matrix(rows: places.count, columns: state.keys.columns, values: places.flatMap(\.key)),
      softLabels: Matrix(rows: places.count, columns: width, values: places.flatMap { $0.values ?? none }),
      rows: places.map { $0.values == nil ? -1 : $0.id }, hasClasses: !task.isMultilabel)
    hasTeachersLabels = labels.isSoft
  }

  /// Reads the file `knowledge.safetensors` of a knowledge base from before it could be changed.
  ///
  /// - Throws: `FormatError` if the file is missing or does not contain a knowledge base.
  public init(folder: URL) throws {
    let file = Self.file(in: folder)
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
    let (embeddings, softLabels) = (try matrix("embeddings"), try matrix("soft_labels"))
    let rows = try reader.integers(named: "rows").map(Int.init)
    guard embeddings.rows == softLabels.rows && embeddings.rows == rows.count else {
      throw FormatError(file: file, "holds different numbers of embeddings, soft labels and rows")
    }
    self.init(nodes: embeddings, softLabels, rows: rows, mayBeFound: nil)
  }
}
