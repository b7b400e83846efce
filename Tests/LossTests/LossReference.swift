import DistillCore
import Foundation
import Testing

/// Inputs, values and gradients that PyTorch wrote, by name.
struct LossReference {
  private let file: SafetensorsReader

  init(_ name: String = "losses") throws {
    file = try SafetensorsReader(
      #require(Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures")))
  }

  subscript(name: String) -> Tensor {
    get throws {
      Tensor(try file.floats(named: name), Shape(try #require(file.tensors[name], "the fixture has no \(name)").shape))
    }
  }

  var cases: Set<String> { Set(file.names.map { String($0.prefix { $0 != "/" }) }).subtracting(["labels"]) }
  var classes: [Int] { get throws { try self["labels/classes"].values.map { Int($0) } } }
  var scores: [Float] { get throws { try self["labels/scores"].values } }
}
