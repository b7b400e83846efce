import DistillCore

/// Progressive internal distillation, PID (Aguilar et al. 2020): one layer at a time, from the bottom, then the outputs alone.
///
/// In the stage of layer k, layer-wise losses count for layer k only. Unless losses on outputs count as well, the student runs up
/// to layer k and the teacher up to the layer that is mapped to it, and the embeddings and the layers 1 … k are trained.
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
