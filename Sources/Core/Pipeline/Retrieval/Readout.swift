import DistillCore
import DistillKnowledge
import Foundation

/// A linear readout of the knowledge base's keys, which answers in the place of the student's classifier.
///
/// It is a multinomial logistic regression, fitted in seconds to everything that is known at one time, labels that were taught later
/// included. Each class counts alike, or one that has five texts would not be heard beside one that has a hundred. The student stays as
/// it is.
public struct Readout: Sendable {
  /// The labels of the outputs.
  public let labels: [String]
  /// The change of the knowledge base whose state the readout was fitted to.
  public let change: Int
  /// The number of texts that it was fitted to.
  public let count: Int
  /// The share of the readout's answer beside the neighbours, if held-out texts have chosen one.
  var beta: Float?
  private let map: LinearMap

  /// The weight of the penalty, in units of the mean square of a centred key's length. It was settled on texts of BANKING77's training
  /// file, where a tenth of it scored half a point less.
  private static let strength = 1e-5
  private static let fileName = "readout.safetensors"

  /// Fits a readout.
  ///
  /// - Parameters:
  ///   - state: What is known. Entries without a true label are left out.
  ///   - order: Labels in the order that the outputs are to have. Those without an entry are left out.
  /// - Throws: `ContractError` if there are fewer than two labels.
  init(of state: KnowledgeState, order: [String]) throws {
    let counts = state.labels
    let labels = order.filter { counts[$0] != nil }
    guard labels.count >= 2 else {
      throw ContractError("a readout needs texts of two labels; there are \(labels.count)")
    }
    let columns = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($0.element, $0.offset) })
    let labelled = state.entries.indices.compactMap { row in
      state.entries[row].label.flatMap { columns[$0] }.map { (row: row, column: $0) }
    }
    (self.labels, change, count) = (labels, state.change, labelled.count)
    let share = Float(labelled.count) / Float(labels.count)
    map = try LinearProbe.classifier(
      state.keys.gathered(labelled.map(\.row)), labels: labelled.map(\.column), classes: labels.count,
      strength: Self.strength, weights: labelled.map { share / Float(counts[labels[$0.column]] ?? 1) })
  }

  /// Returns the probabilities [B, C] of a task's labels for keys [B, D] of length 1. Those of labels that the readout does not know are 0.
  func callAsFunction(_ keys: Tensor, task: TaskKind) -> Matrix {
    guard case .classification(let all) = task else { preconditionFailure("a readout of \(task)") }
    let own = Matrix(softmax(map(Matrix(keys)).tensor))
    let places = all.map { labels.firstIndex(of: $0) }
    let values = (0..<own.rows).flatMap { row in places.map { $0.map { own.values[row * labels.count + $0] } ?? 0 } }
    return Matrix(rows: own.rows, columns: all.count, values: values)
  }

  /// Returns the places of a task's labels that the readout does not know.
  func unknown(in task: TaskKind) -> Set<Int> {
    guard case .classification(let all) = task else { return [] }
    return Set(all.indices.filter { !labels.contains(all[$0]) })
  }

  func write(to folder: URL) throws {
    var metadata = [
      "labels": String(decoding: try JSONEncoder().encode(labels), as: UTF8.self), "change": "\(change)",
      "count": "\(count)",
    ]
    metadata["beta"] = beta.map { "\($0)" }
    var writer = SafetensorsWriter(metadata: metadata)
    writer.add("weight", shape: [map.weight.rows, map.weight.columns]) { map.weight.values }
    writer.add("bias", shape: [map.bias.count]) { map.bias }
    try writer.write(to: folder.appending(path: Self.fileName))
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Parameter width: The width of a key.
  /// - Throws: `FormatError` if the file is missing, damaged, or does not fit the keys.
  init(_ folder: URL, width: Int) throws {
    try SealedFolder.check(folder)
    let file = folder.appending(path: Self.fileName)
    let reader = try SafetensorsReader(file)
    guard let data = reader.metadata["labels"]?.data(using: .utf8),
      let labels = try? JSONDecoder().decode([String].self, from: data), labels.count >= 2,
      let change = reader.metadata["change"].flatMap({ Int($0) }),
      let count = reader.metadata["count"].flatMap({ Int($0) }),
      reader.tensors["weight"]?.shape == [labels.count, width], reader.tensors["bias"]?.shape == [labels.count],
      reader.metadata["beta"].map({ Float($0).map { 0...1 ~= $0 } ?? false }) ?? true
    else { throw FormatError(file: file, "holds no readout of this knowledge base's keys") }
    let (weight, bias) = (try reader.floats(named: "weight"), try reader.floats(named: "bias"))
    guard (weight + bias).allSatisfy(\.isFinite) else {
      throw FormatError(file: file, "holds a number that is not finite")
    }
    (self.labels, self.change, self.count, beta) = (
      labels, change, count, reader.metadata["beta"].flatMap { Float($0) }
    )
    map = LinearMap(weight: Matrix(rows: labels.count, columns: width, values: weight), bias: bias)
  }
}

/// The folder of a run's readouts: one folder for each, and a file that says which of them answers.
struct ReadoutFolder {
  let url: URL

  var chosenFile: URL { url.appending(path: "chosen") }
  private func place(_ number: Int) -> URL { url.appending(path: "\(number)") }

  /// The numbers of the readouts, in ascending order.
  func numbers() -> [Int] { ((try? FileSystem.names(in: url)) ?? []).compactMap { Int($0) }.sorted() }

  /// The number of the readout that answers, or `nil` if the student's own classifier does.
  ///
  /// - Throws: `FormatError` if the file that says so is damaged.
  func chosen() throws -> Int? {
    guard FileManager.default.fileExists(atPath: chosenFile.path) else { return nil }
    let text = try FileSystem.text(of: chosenFile).trimmingCharacters(in: .whitespacesAndNewlines)
    if text == "student" { return nil }
    guard let number = Int(text) else {
      throw FormatError(file: chosenFile, "says neither `student` nor the number of a readout")
    }
    return number
  }

  /// Lets a readout answer, or the student's own classifier for `nil`.
  ///
  /// - Throws: `ContractError` if there is no such readout.
  func choose(_ number: Int?) throws {
    if let number, !numbers().contains(number) {
      let known = numbers().map(String.init).joined(separator: ", ")
      throw ContractError("there is no readout \(number)\(known.isEmpty ? "; `refit` makes one" : ", but \(known)")")
    }
    try FileSystem.makeFolder(url)
    try AtomicFile.write(Data("\(number.map(String.init) ?? "student")\n".utf8), to: chosenFile)
  }

  func readout(_ number: Int, width: Int) throws -> Readout { try Readout(place(number), width: width) }

  /// Writes a further readout, and lets it answer.
  func add(_ readout: Readout) throws -> Int {
    let number = (numbers().last ?? 0) + 1
    try FileSystem.makeFolder(url)
    try SealedFolder.write(to: place(number), readout.write)
    try choose(number)
    return number
  }
}
