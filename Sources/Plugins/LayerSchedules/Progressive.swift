import DistillCore

/// Progressive internal distillation, PID (Aguilar et al. 2020): one layer at a time from the bottom, then the outputs alone.
///
/// While the layers up to k count, student and teacher are run through layer k (and the teacher's layer mapped to it) and no
/// further. What is trained is all that lies below: embeddings and layers 1 … k.
public struct Progressive: StagedScheduler {
  public static let name = "progressive"
  public static let summary = "PID: one layer at a time from the bottom, then the outputs."
  public static let reference = PluginReference(
    source:
      "PID, Aguilar et al. 2020, arXiv 1910.03723; threshold, epochs and what is judged are not known to us, so ours")

  public static let keepsLowerLayers = false

  public var stages = Stages()

  public init() {}
  public init(_ stages: Stages) { self.stages = stages }
}
