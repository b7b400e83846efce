import DistillCore
import Foundation

/// The tensors of a weight file, to be changed and written again.
struct WeightFile {
  private let url: URL
  var tensors: [String: Tensor]

  init(_ folder: URL) throws {
    url = folder.appending(path: "model.safetensors")
    let reader = try SafetensorsReader(url)
    tensors = [:]
    for name in reader.names {
      tensors[name] = Tensor(try reader.floats(named: name), Shape(reader.tensors[name]?.shape ?? []))
    }
  }

  func write() throws {
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      writer.add(name, shape: tensor.shape.array) { tensor.values }
    }
    try writer.write(to: url)
  }

  mutating func rename(_ change: (String) -> String?) {
    tensors = Dictionary(uniqueKeysWithValues: tensors.compactMap { name, tensor in change(name).map { ($0, tensor) } })
  }

  /// Changes the file of a folder.
  static func change(in folder: URL, _ change: (inout WeightFile) throws -> Void) throws {
    var file = try WeightFile(folder)
    try change(&file)
    try file.write()
  }
}
