import DistillFormats
import DistillTensor
import Foundation
import Testing

/// Tensors that PyTorch wrote, by name.
struct Reference {
  private let file: SafetensorsReader

  init() throws {
    let url = try #require(
      Bundle.module.url(forResource: "operations", withExtension: "safetensors", subdirectory: "Fixtures"))
    file = try SafetensorsReader(url)
  }

  subscript(name: String) -> Tensor {
    get throws {
      let shape = try #require(file.tensors[name], "the fixture has no \(name)").shape
      return Tensor(try file.floats(named: name), Shape(shape))
    }
  }

  /// `name/x0`, `name/x1`, … as far as they go.
  func numbered(_ prefix: String) throws -> [Tensor] {
    try (0...).lazy.map { "\(prefix)\($0)" }.prefix { file.tensors[$0] != nil }.map { try self[$0] }
  }

  /// What the names begin with, up to the slash.
  var operations: Set<String> { Set(file.names.map { String($0.prefix { $0 != "/" }) }) }
}

extension TensorTests {
  @Test static func everyReferenceHasACase() throws {
    #expect(try Reference().operations == Set(referenceCases.map(\.name) + ["adamw"]))
  }

  @Test(arguments: referenceCases)
  static func equalsPyTorch(_ operation: Case) throws {
    let reference = try Reference()
    let inputs = try reference.numbered("\(operation.name)/x")
    #expect(inputs.map(\.shape) == operation.inputs.map(\.shape))
    let weights = try reference.numbered("\(operation.name)/w")
    let (outputs, gradients) = operation.run(inputs) { _ in weights }
    // The reference is exact to a rounding; here some tens of numbers of size 1 are added in Float32 (ε = 6e-8).
    #expect(try outputs.deviation(from: reference.numbered("\(operation.name)/y")) < 1e-6)
    #expect(try gradients.deviation(from: reference.numbered("\(operation.name)/dx")) < 2e-6)
  }
}
