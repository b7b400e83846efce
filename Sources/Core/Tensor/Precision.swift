/// The precision of the matrix products in linear layers.
///
/// The operands of these products are rounded to this precision in the forward and the backward pass. Their sums and results, the
/// parameters, and all other operations are always Float32.
public enum Precision: String, CaseIterable, Sendable {
  case float32
  /// 8 significant bits instead of 24. Requires a processor with AVX512_BF16, and is fastest with AMX.
  case bfloat16

  /// Whether this processor supports the precision.
  public var isAvailable: Bool { self == .float32 || Compute.engine.bfloat16 != nil }

  /// The instructions of its matrix products: `amx`, or those of all other operations.
  package var instructionSet: String {
    guard self == .bfloat16, let kernels = Compute.engine.bfloat16 else { return Compute.instructionSet }
    return String(cString: kernels.pointee.name)
  }

  /// Checks that the precision is available.
  ///
  /// - Throws: ``ComputeError`` if it is not.
  public func check() throws {
    if !isAvailable {
      throw ComputeError(
        "\(self) needs AVX512_BF16, which is not among the instructions in use (\(Compute.instructionSet)); use float32"
      )
    }
  }
}
