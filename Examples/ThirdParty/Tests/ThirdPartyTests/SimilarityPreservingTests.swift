import DistillCore
import DistillTestKit
import SimilarityPreserving
import Testing

struct SimilarityPreservingTests {
  @Test func conforms() throws { try LossTermConformance(SimilarityPreserving(), atTeacher: .zero).check() }

  /// By hand: s·sᵀ is [[1, 1], [1, 2]], with rows of length 1 [[1, 1]/√2, [1, 2]/√5]; t·tᵀ is diagonal, so its rows become
  /// those of the identity. The squared differences are (2 − √2) + (2 − 4/√5) = 0.7969320, and a quarter of that is the loss.
  @Test func equalsANumberByHand() throws {
    let inputs = LossInputs(
      teacher: Response([.embedding: Tensor([3, 0, 0, 0, 4, 0], [2, 3])]),
      student: Response([.embedding: Tensor([1, 0, 1, 1], [2, 2])]),
      batch: TokenBatch(Array(repeating: TokenSequence(ids: [0], typeIDs: [0]), count: 2), examples: [0, 1]))
    #expect(abs(try SimilarityPreserving().loss(inputs).scalar - 0.199_233) < 1e-6)
  }
}
