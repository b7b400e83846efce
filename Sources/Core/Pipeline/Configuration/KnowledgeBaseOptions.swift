import DistillCore
import DistillTraining

/// The options of the knowledge base: its retriever, and how its answers are mixed in.
package struct KnowledgeBaseOptions: Configurable, Sendable {
  package var retriever: (any RetrieverRecipe)?
  package var mixing = Mixing()
  package var choose: MixingGrid?

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit.plugin("retriever", &retriever, required: true, "How the nearest embeddings are found.")
    mixing.options(&visit)
    visit.section("choose", &choose, "Choose K, β and τ among these on the held-out examples instead.")
  }
}
