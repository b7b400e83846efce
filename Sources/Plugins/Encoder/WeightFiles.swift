import DistillCore
import Foundation

/// The tensors of a model folder, which are in `model.safetensors`, or in several files that `model.safetensors.index.json` lists.
///
/// The headers of all files are read and checked when a value is created. If both kinds of files are there, the single one counts, as in
/// `transformers`.
struct WeightFiles: Sendable {
  static let fileName = "model.safetensors"
  private static let indexName = "model.safetensors.index.json"

  /// What errors name: the single file, or the index.
  let url: URL
  /// The tensors by name, each with its file.
  private let readers: [String: SafetensorsReader]
  /// The names of all tensors, file by file in the order of their data.
  let names: [String]

  /// Opens the files in a folder.
  ///
  /// - Throws: ``FormatError`` if a file is missing or damaged, or if the index and the files do not agree.
  init(_ folder: URL) throws {
    let file = folder.appending(path: Self.fileName)
    let index = folder.appending(path: Self.indexName)
    if !Self.exists(file), Self.exists(index) {
      url = index
      (readers, names) = try Self.shards(index)
    } else {
      let reader = try SafetensorsReader(try Self.existing(file))
      (url, names) = (file, reader.names)
      readers = Dictionary(uniqueKeysWithValues: reader.names.map { ($0, reader) })
    }
  }

  /// Returns the shape of a tensor, or `nil` if there is no such tensor.
  func shape(of name: String) -> [Int]? { readers[name]?.tensors[name]?.shape }

  /// Returns the values of a tensor, which must exist. Half-precision numbers are converted, which is exact.
  ///
  /// - Throws: ``FormatError`` if the tensor cannot be read, or if a number is not finite.
  func values(of name: String) throws -> [Float] {
    guard let reader = readers[name] else { preconditionFailure("there is no tensor \(name)") }
    let values = try reader.floats(named: name)
    guard values.allSatisfy(\.isFinite) else {
      throw FormatError(file: reader.url, "\(name) holds a number that is not finite")
    }
    return values
  }

  /// Returns the files in a folder that weights are read from, as far as an index can be read.
  static func sources(_ folder: URL) -> [URL] {
    let file = folder.appending(path: fileName)
    let index = folder.appending(path: indexName)
    guard !exists(file), exists(index) else { return [file] }
    let shards = (try? map(index)).map { Set($0.values).sorted() } ?? []
    return [index] + shards.map { folder.appending(path: $0) }
  }

  private struct Index: Decodable { let weight_map: [String: String] }

  /// Returns the name of the file of each tensor.
  private static func map(_ index: URL) throws -> [String: String] {
    guard let read = try? JSONDecoder().decode(Index.self, from: Data(contentsOf: index)) else {
      throw FormatError(file: index, "has no weight_map, which names a file for each tensor")
    }
    for (tensor, file) in read.weight_map.sorted(by: { $0.key < $1.key })
    where file.contains("/") || file.contains("\\") || !file.hasSuffix(".safetensors") || file.hasPrefix(".") {
      throw FormatError(
        file: index, "names \"\(file)\" as the file of \(tensor); only safetensors files in the same folder are read")
    }
    return read.weight_map
  }

  private static func shards(_ index: URL) throws -> ([String: SafetensorsReader], names: [String]) {
    let map = try map(index)
    let folder = index.deletingLastPathComponent()
    var (readers, names) = ([String: SafetensorsReader](), [String]())
    for file in Set(map.values).sorted() {
      let shard = folder.appending(path: file)
      guard exists(shard) else {
        throw FormatError(file: shard, "is missing; \(indexName) names it as the file of \(count(map, file)) tensors")
      }
      let reader = try SafetensorsReader(shard)
      let expected = Set(map.filter { $0.value == file }.keys)
      if let tensor = expected.subtracting(reader.names).min() {
        throw FormatError(file: shard, "does not hold \(tensor), which \(indexName) says it does")
      }
      if let tensor = Set(reader.names).subtracting(expected).min() {
        let place = map[tensor].map { "says is in \($0)" } ?? "does not name"
        throw FormatError(file: shard, "holds \(tensor), which \(indexName) \(place)")
      }
      for name in reader.names { readers[name] = reader }
      names += reader.names
    }
    return (readers, names)
  }

  private static func count(_ map: [String: String], _ file: String) -> Int { map.values.count { $0 == file } }

  private static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

  /// Returns the path of the weight file.
  ///
  /// - Throws: ``FormatError`` if it does not exist. The error mentions weights in another format that the folder contains.
  private static func existing(_ file: URL) throws -> URL {
    if exists(file) { return file }
    let pickle = "pytorch_model.bin"
    if exists(file.deletingLastPathComponent().appending(path: pickle)) {
      throw FormatError(
        file: file,
        "is missing; \(pickle) holds weights in PyTorch's pickle format; save them with safe_serialization=True")
    }
    throw FormatError(file: file, "is missing" + (fetchingHint(file).map { "; \($0)" } ?? ""))
  }
}
