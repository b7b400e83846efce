/// What linear layers round the operands of their matrix products to, forward and backward; sums, results, parameters and
/// everything that is no such product stay Float32.
public enum Precision: String, CaseIterable, Sendable {
  case float32
  /// 8 significant bits instead of 24, in twice the speed: needs a processor with AVX512_BF16.
  case bfloat16

  /// Whether this processor has it.
  public var isAvailable: Bool { self == .float32 || Compute.engine.bfloat16 != nil }

  /// - Throws: ``ComputeError`` where it is not available.
  public func check() throws {
    if !isAvailable {
      throw ComputeError(
        "\(self) needs AVX512_BF16, which is not among the instructions in use (\(Compute.instructionSet)); use float32"
      )
    }
  }
}
