import DistillCore
import DistillTraining

/// The knowledge base and how its answers are mixed in.
public struct KnowledgeBaseOptions: Configurable, Sendable {
  public var retriever: (any RetrieverRecipe)?
  public var mixing = Mixing()
  public var choose: MixingGrid?

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit.plugin("retriever", &retriever, required: true, "How the nearest embeddings are found.")
    mixing.options(&visit)
    visit.section("choose", &choose, "Choose K, β and τ among these on the held-out examples instead.")
  }
}
