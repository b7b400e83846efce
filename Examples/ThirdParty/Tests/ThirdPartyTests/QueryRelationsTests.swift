import DistillCore
import DistillTestKit
import QueryRelations
import Testing

struct QueryRelationsTests {
  @Test func conforms() throws {
    try LossTermConformance(
      QueryRelations(), atTeacher: .zero, activations: ActivationKind.standard + [QueryRelations.queries]
    ).check()
  }

  /// By hand, for two tokens of one head and width 1: the teacher's queries 1 and 0 give the rows softmax(1, 0) and (½, ½), the
  /// student's zeros two rows of (½, ½). ln 2 less the entropy of softmax(1, 0) is 0.110944, and half of that is the mean.
  @Test func equalsANumberByHand() throws {
    let card = ModelCard(
      architecture: "any", layers: 1, heads: 1, width: 1, embeddingWidth: 1, outputs: 2, maximumLength: 2,
      vocabulary: "",
      parameters: 0, activations: [QueryRelations.queries])
    let queries = Activation(QueryRelations.queries, layer: 1)
    let inputs = LossInputs(
      models: ModelPair(teacher: card, student: card, task: .regression),
      teacher: Response([queries: Tensor([1, 0], [2, 1])]), student: Response([queries: Tensor([0, 0], [2, 1])]),
      batch: TokenBatch([TokenSequence(ids: [0, 0], typeIDs: [0, 0])], examples: [0]),
      layers: LayerPair(student: 1, teacher: 1))
    #expect(abs(try QueryRelations().loss(inputs).scalar - 0.055_472) < 1e-6)
  }
}
