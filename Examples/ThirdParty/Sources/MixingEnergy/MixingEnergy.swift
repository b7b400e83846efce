import DistillCore
import FNet

/// How strongly the student's layers mix tokens: the mean square of what the Fourier transform adds, which a small weight keeps
/// from drowning the states. It reads an activation that only FNet has.
public struct MixingEnergy: LossTerm {
  public static let name = "mixing-energy"
  public static let summary = "Mean square of what an FNet's transforms add to the states of its last layer's input."

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public func reads(_ models: ModelPair, at _: LayerPair?) -> Reads {
    Reads(student: [Activation(.mixing, layer: models.student.layers)])
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    try inputs.student[Activation(.mixing, layer: inputs.models.student.layers)].squared().mean()
  }
}
