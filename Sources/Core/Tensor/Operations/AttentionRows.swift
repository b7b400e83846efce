import Foundation

/// Returns the Kullback–Leibler divergence between packed rows of attention, in nats: [A·ΣT²], [A·ΣT²] → scalar.
///
/// It is the mean over sequences of the mean over heads and rows of KL(p ‖ q) = Σⱼ pⱼ (ln pⱼ − ln qⱼ), so every sequence has the
/// same weight, no matter how long it is. Rows are packed like the result of
/// ``attention(queries:keysAndValues:width:layout:relativeBias:dropout:returningProbabilities:)``: A blocks of T × T for each sequence.
/// Terms with p = 0 are zero. ln q is calculated as ln max(q, 1e-30).
///
/// ∂/∂q = −p / (q·T·A·B); ∂/∂p = (ln p + 1 − ln q) / (T·A·B).
/// - `offsets`: [B + 1], the position of each sequence's first token. Every sequence has at least one token.
public func packedKLDivergence(_ p: Tensor, _ q: Tensor, offsets: [Int]) -> Tensor {
  let layout = AttentionLayout(packing: p.count, offsets: offsets)
  precondition(p.shape == q.shape && p.shape.rank == 1, "KL divergence of packed \(p.shape) from \(q.shape)")
  let (heads, sequences) = (layout.heads, layout.sequenceCount)
  // The first layers of real models have probabilities of 1e-20, which still need a gradient that raises them.
  let floor: Float = 1e-30
  /// The weight of a row in the mean, 1 / (T·A·B).
  func share(_ block: AttentionLayout.Block) -> Double { 1 / Double(block.queries * heads * sequences) }
  /// Calls `body` with every block. A logarithm takes about as long as 16 multiplications.
  func forBlocks(_ body: (AttentionLayout.Block) -> Void) { layout.forBlocks(headWidth: 16, body) }
  /// Returns ln max(q, floor) of a block. It uses a comparison, because Swift's `max` would hide NaN.
  func logarithm(_ block: AttentionLayout.Block) -> Storage {
    let (count, logs, q) = (block.probabilities.count, Storage(count: block.probabilities.count), q.pointer)
    for i in 0..<count { logs.pointer[i] = q[block.probability + i] < floor ? floor : q[block.probability + i] }
    kernels.log(logs.pointer, logs.pointer, count)
    return logs
  }

  return Tensor.record([], from: [p, q]) { out in
    // Each block has its own sum, and these are added in the order of the blocks, so the result does not depend on the threads.
    var sums = [Double](repeating: 0, count: sequences * heads)
    sums.withUnsafeMutableBufferPointer { sums in
      forBlocks { block in
        let (rows, logs) = (Storage(count: block.queries), logarithm(block))
        kernels.kl_rows(rows.pointer, p.pointer + block.probability, logs.pointer, block.queries, block.keys)
        sums[block.sequence * heads + block.head] = kernels.sum(rows.pointer, block.queries) * share(block)
      }
    }
    out.pointee = Float(sums.reduce(0, +))
  } backward: { dy in
    let dy = dy.pointee
    // Below the floor the value is constant, so the slope is 0. Without the floor, p/q would be infinite for a q that has
    // underflowed, and the backward pass of the softmax, which multiplies by q, would turn it into NaN.
    q.node?.accumulate { gradient, beta in
      if beta == 0 { gradient.update(repeating: 0, count: q.count) }
      let (p, q) = (p.pointer, q.pointer)
      forBlocks { block in
        let factor = dy * Float(share(block))
        for i in block.probabilities { gradient[i] -= q[i] < floor ? 0 : factor * p[i] / q[i] }
      }
    }
    // The slope at p = 0 is infinite and is replaced by 0, as in `klDivergence`.
    p.node?.accumulate { gradient, beta in
      if beta == 0 { gradient.update(repeating: 0, count: p.count) }
      let p = p.pointer
      forBlocks { block in
        let (factor, logs) = (dy * Float(share(block)), logarithm(block))
        for (log, i) in block.probabilities.enumerated() where p[i] != 0 {
          gradient[i] += factor * (Foundation.log(p[i]) + 1 - logs.pointer[log])
        }
      }
    }
  }
}

/// Returns the relations between the tokens of each sequence, softmax(x xᵀ/√d) for each head with d = H/A: [N, H] → [A·ΣT²].
///
/// For the values x = V these are the value relations of MiniLM (Wang et al. 2020). They are packed like the probabilities of
/// attention.
/// - `offsets`: [B + 1], the position of each sequence's first token.
public func selfRelations(_ x: Tensor, heads: Int, offsets: [Int]) -> Tensor {
  let layout = AttentionLayout(heads: heads, offsets: offsets)
  precondition(
    x.shape.rank == 2 && x.shape[0] == offsets.last && x.shape[1] % heads == 0,
    "relations of \(x.shape) for \(heads) heads and offsets \(offsets)")
  let width = x.shape[1]
  let headWidth = width / heads
  let scale = 1 / Float(headWidth).squareRoot()
  func operand(_ block: AttentionLayout.Block, transposed: Bool = false) -> Operand {
    Operand(x.pointer + block.keyRow * width + block.column, stride: width, transposed: transposed)
  }
  let relations = Tensor([layout.probabilityCount]) { out in
    layout.forBlocks(headWidth: headWidth) { block in
      let (length, p) = (block.keys, out + block.probability)
      multiplySerial(
        length, length, headWidth, operand(block), operand(block, transposed: true), into: p, stride: length)
      kernels.softmax_rows(p, p, scale, length, length, length)
    }
  }
  return relations.recorded(from: [x]) { [node = x.node] dy in
    node?.accumulate { gradient, beta in
      layout.forBlocks(headWidth: headWidth) { block in
        let (length, ds) = (block.keys, dy + block.probability)
        kernels.softmax_backward_rows(ds, relations.pointer + block.probability, ds, scale, length, length, length)
        // x is both factors of the scores, so its gradient is (dS + dSᵀ)·x.
        for (transposed, beta) in [(false, beta), (true, 1)] {
          multiplySerial(
            length, headWidth, length, Operand(ds, stride: length, transposed: transposed), operand(block), beta: beta,
            into: gradient + block.keyRow * width + block.column, stride: width)
        }
      }
    }
  }
}

extension AttentionLayout {
  /// Creates the layout of self-attention with `count` probabilities, from which the number of heads follows.
  fileprivate init(packing count: Int, offsets: [Int]) {
    let one = AttentionLayout(heads: 1, offsets: offsets)
    precondition(
      one.sequenceCount > 0 && zip(offsets, offsets.dropFirst()).allSatisfy(<), "an empty sequence in \(offsets)")
    precondition(
      count > 0 && count.isMultiple(of: one.probabilityCount),
      "\(count) packed numbers are not whole heads of \(one.probabilityCount)")
    self.init(heads: count / one.probabilityCount, offsets: offsets)
  }
}
