import DistillCore

/// Returns the supervised contrastive loss of embeddings [B, D] with B classes, a scalar in nats.
///
/// The loss is the mean over i of −1/|P(i)| · Σ_{p ∈ P(i)} [ zᵢ·z_p/τ − ln Σ_{a ≠ i} exp(zᵢ·z_a/τ) ], where z are the embeddings
/// scaled to length 1, and P(i) are the other members of i's class.
///
/// An example that is alone in its class has an empty P(i) and is left out of the mean. The result is `nil` if this applies to
/// all examples.
///
/// Source: L_out of Khosla et al. 2020, arXiv 2004.11362.
public func supervisedContrastiveLoss(_ embeddings: Tensor, classes: [Int], temperature: Float) -> Tensor? {
  supervisedContrastiveLoss(embeddings, classes: classes.map { [$0] }, temperature: temperature)
}

/// Returns the same loss where an example can be of several classes, or of none: P(i) are the other examples that share a class with i.
public func supervisedContrastiveLoss(_ embeddings: Tensor, classes: [Set<Int>], temperature: Float) -> Tensor? {
  let count = classes.count
  let positives = (0..<count).map { i in (0..<count).filter { i != $0 && !classes[i].isDisjoint(with: classes[$0]) } }
  let anchors = positives.count { !$0.isEmpty }
  guard anchors > 0 else { return nil }

  // The weight of each pair (i, p) in the sum: 1/|P(i)|, divided by the number of examples in the mean.
  var weights = [Float](repeating: 0, count: count * count)
  for (i, others) in positives.enumerated() {
    for j in others { weights[i * count + j] = 1 / Float(others.count) / Float(anchors) }
  }
  let z = embeddings.l2Normalised()
  // A large number removes a = i from the sum of the softmax. Infinity would be multiplied by the weight 0 and give NaN.
  let similarities = matmul(z, z, transposeB: true) / temperature - .identity(count) * 1e9
  return -(similarities.logSoftmax() * Tensor(weights, [count, count])).sum()
}
