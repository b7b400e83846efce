/// The precision of the matrix products in linear layers.
///
/// The operands of these products are rounded to this precision, in bfloat16 in the backward pass, too. Their sums and results, the
/// parameters, and all other operations are always Float32.
public enum Precision: String, CaseIterable, Sendable {
  case float32
  /// 8 significant bits instead of 24. Requires a processor with AVX512_BF16, and is fastest with AMX.
  case bfloat16
  /// Bytes, for finished models: the weights of an output span 255 steps, and so does each row of inputs, when it comes. Layers of up to
  /// 65,536 weights, such as a classifier, stay in Float32. There are no gradients. Requires a processor with AVX512_VNNI.
  case int8

  /// Whether this processor supports the precision.
  public var isAvailable: Bool {
    switch self {
    case .float32: true
    case .bfloat16: Compute.engine.bfloat16 != nil
    case .int8: Compute.engine.int8 != nil
    }
  }

  /// Whether a model can be trained in this precision.
  public var hasGradients: Bool { self != .int8 }

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
        "\(self) needs \(self == .int8 ? "AVX512_VNNI" : "AVX512_BF16"), which is not among the instructions in use (\(Compute.instructionSet)); use float32"
      )
    }
  }
}
