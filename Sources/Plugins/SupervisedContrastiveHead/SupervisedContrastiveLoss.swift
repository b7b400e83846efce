import DistillCore

/// Supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362, L_out): embeddings [B, D] and B classes → scalar, in nats.
///
/// mean over i of −1/|P(i)| · Σ_{p ∈ P(i)} [ zᵢ·z_p/τ − ln Σ_{a ≠ i} exp(zᵢ·z_a/τ) ], z of length 1, P(i) the other members of
/// i's class. Anchors without another member have no positive and are left out of the mean; nil when no anchor is left.
public func supervisedContrastiveLoss(_ embeddings: Tensor, classes: [Int], temperature: Float) -> Tensor? {
  let count = classes.count
  var sizes: [Int: Int] = [:]
  for label in classes { sizes[label, default: 0] += 1 }
  let anchors = classes.filter { (sizes[$0] ?? 0) > 1 }.count
  guard anchors > 0 else { return nil }

  // 1/|P(i)| at the positives of i, over the number of anchors.
  var weights = [Float](repeating: 0, count: count * count)
  for i in 0..<count {
    for j in 0..<count where i != j && classes[i] == classes[j] {
      weights[i * count + j] = 1 / Float((sizes[classes[i]] ?? 0) - 1) / Float(anchors)
    }
  }
  let z = embeddings.l2Normalised()
  // A large number takes the anchor itself out of the sum; infinity would meet weight 0 and make NaN.
  let similarities = matmul(z, z, transposeB: true) / temperature - identity(count) * 1e9
  return -(similarities.logSoftmax() * Tensor(weights, [count, count])).sum()
}
