/// Multi-head scaled dot-product attention over packed sequences (Vaswani et al. 2017, equation 1).
///
/// For each sequence and head, P = softmax(Q·Kᵀ/√d + bias) and context = dropout(P)·V with d = H/A.
///
/// - Parameters:
///   - queries: [Nq, ≥ H]. The first H columns are Q.
///   - keysAndValues: [Nk, ≥ 2H]. The last 2H columns are K and V. It may be the same tensor as `queries`, of shape [N, 3H].
///   - width: H.
///   - layout: The rows of each sequence, and A.
///   - relativeBias: The bias of the scores, or `nil` for none.
///   - dropout: The dropout of P.
///   - returningProbabilities: Whether P before dropout is returned, so that a loss can read it. Its gradient is then added to the
///     gradient through the context.
/// - Returns: The context [Nq, H], and P if it was requested, packed as A blocks of queries × keys for each sequence.
public func attention(
  queries: Tensor, keysAndValues: Tensor, width: Int, layout: AttentionLayout,
  relativeBias: RelativeAttentionBias? = nil, dropout: Dropout = .none, returningProbabilities: Bool = false
) -> (context: Tensor, probabilities: Tensor?) {
  relativeBias?.check(layout)
  let block = AttentionBlocks(
    queries, keysAndValues, width: width, layout: layout, relativeBias: relativeBias, dropout: dropout)
  let inputs = [queries, keysAndValues, relativeBias?.table].compactMap { $0?.node }
  let storesAll = returningProbabilities || !inputs.isEmpty
  let probabilities = storesAll ? Storage(count: max(layout.probabilityCount, 1)) : nil
  let context = Tensor([queries.shape[0], width]) { block.forward(into: $0, probabilities: probabilities) }

  guard let probabilities else { return (context, nil) }
  let p = Tensor(shape: [layout.probabilityCount], storage: probabilities)
  guard !inputs.isEmpty else { return (context, returningProbabilities ? p : nil) }

  // The two results share one backward pass, which belongs to a node below both. Each result only stores its gradient. The shared
  // node comes after both in the backward order and handles both gradients at once.
  let mail = AttentionGradients()
  let shared = Node(count: 0, inputs: inputs) { _ in
    block.backward(p.pointer, context: mail.context, probabilities: mail.probabilities)
    mail.context = nil
    mail.probabilities = nil
  }
  func result(_ tensor: Tensor, _ deliver: @escaping (Tensor) -> Void) -> Tensor {
    let node = Node(count: tensor.count, inputs: [shared]) { dy in
      deliver(Tensor(copying: dy, tensor.shape))
      shared.accumulate { _, _ in }  // gives the shared node a gradient, without which it would be skipped
    }
    return Tensor(shape: tensor.shape, storage: tensor.storage, node: node)
  }
  return (
    result(context) { mail.context = $0 }, returningProbabilities ? result(p) { mail.probabilities = $0 } : nil
  )
}

/// The gradients of the two results, on their way to the shared backward pass.
private final class AttentionGradients {
  var context: Tensor?
  var probabilities: Tensor?
}

/// The operands of attention, which is calculated in parallel, block by block. A block is one head of one sequence.
private struct AttentionBlocks {
  let queries: Tensor, keysAndValues: Tensor
  let width: Int, headWidth: Int
  let layout: AttentionLayout
  let relativeBias: RelativeAttentionBias?
  let dropout: Dropout
  let scale: Float
  let queryStride: Int, keyStride: Int, keyColumn: Int, valueColumn: Int

  init(
    _ queries: Tensor, _ keysAndValues: Tensor, width: Int, layout: AttentionLayout,
    relativeBias: RelativeAttentionBias?, dropout: Dropout
  ) {
    precondition(width % layout.heads == 0, "\(layout.heads) heads do not divide a width of \(width)")
    precondition(
      queries.shape.rank == 2 && keysAndValues.shape.rank == 2 && queries.shape[1] >= width
        && keysAndValues.shape[1] >= 2 * width, "attention over \(queries.shape) and \(keysAndValues.shape)")
    precondition(
      queries.shape[0] == layout.queryOffsets.last && keysAndValues.shape[0] == layout.keyOffsets.last,
      "attention over rows that the layout does not describe")
    (self.queries, self.keysAndValues, self.width, self.layout, self.relativeBias, self.dropout) =
      (queries, keysAndValues, width, layout, relativeBias, dropout)
    headWidth = width / layout.heads
    scale = 1 / Float(headWidth).squareRoot()
    queryStride = queries.shape[1]
    keyStride = keysAndValues.shape[1]
    keyColumn = keyStride - 2 * width
    valueColumn = keyStride - width
  }

  func forBlocks(_ body: (AttentionLayout.Block) -> Void) { layout.forBlocks(headWidth: headWidth, body) }

  func query(_ block: AttentionLayout.Block) -> Operand {
    Operand(queries.pointer + block.queryRow * queryStride + block.column, stride: queryStride)
  }
  func key(_ block: AttentionLayout.Block, transposed: Bool = false) -> Operand {
    Operand(
      keysAndValues.pointer + block.keyRow * keyStride + keyColumn + block.column, stride: keyStride,
      transposed: transposed)
  }
  func value(_ block: AttentionLayout.Block, transposed: Bool = false) -> Operand {
    Operand(
      keysAndValues.pointer + block.keyRow * keyStride + valueColumn + block.column, stride: keyStride,
      transposed: transposed)
  }

  func forward(into context: UnsafeMutablePointer<Float>, probabilities: Storage?) {
    forBlocks { block in
      let (q, k) = (block.queries, block.keys)
      let scratch = probabilities == nil || dropout.isActive ? Storage(count: max(q * k, 1)) : nil
      guard let p = probabilities.map({ $0.pointer + block.probability }) ?? scratch?.pointer else { return }
      multiplySerial(q, k, headWidth, query(block), key(block, transposed: true), into: p, stride: k)
      relativeBias?.add(to: p, block, scale: 1 / scale)  // the softmax multiplies by the scale again
      kernels.softmax_rows(p, p, scale, q, k, k)
      let mixed = dropout.isActive ? (scratch?.pointer ?? p) : p
      if dropout.isActive { dropout.apply(mixed, p, q * k, from: block.probability) }
      multiplySerial(
        q, headWidth, k, Operand(mixed, stride: k), value(block), into: context + block.queryRow * width + block.column,
        stride: width)
    }
  }

  func backward(_ probabilities: UnsafePointer<Float>, context: Tensor?, probabilities extra: Tensor?) {
    // Exactly one block writes (beta 0) or adds to (beta 1) each element of the used columns. If both operands are one tensor and
    // it is narrower than 3H, some columns are used twice; if it is wider, some are not used. Both cases start with zeros.
    let same = queries.node === keysAndValues.node
    let used = same ? 3 * width : width
    func gradient(_ tensor: Tensor, usedColumns: Int) -> (UnsafeMutablePointer<Float>, Float)? {
      var found: (UnsafeMutablePointer<Float>, Float)?
      tensor.node?.accumulate { pointer, beta in
        if beta == 0 && (usedColumns != tensor.shape[1] || context == nil) {
          pointer.update(repeating: 0, count: tensor.count)
          found = (pointer, 1)
        } else {
          found = (pointer, beta)
        }
      }
      return found
    }
    let dq = gradient(queries, usedColumns: used)
    let dkv = same ? dq : gradient(keysAndValues, usedColumns: 2 * width)
    let biasGradients = relativeBias?.gradients(layout)
    forBlocks { block in
      let (q, k) = (block.queries, block.keys)
      let p = probabilities + block.probability
      let (dropped, dp) = (Storage(count: max(q * k, 1)), Storage(count: max(q * k, 1)))
      if let context {
        let dContext = context.pointer + block.queryRow * width + block.column
        let mixed: UnsafePointer<Float>
        if dropout.isActive {
          dropout.apply(dropped.pointer, p, q * k, from: block.probability)
          mixed = UnsafePointer(dropped.pointer)
        } else {
          mixed = p
        }
        if let (dkv, beta) = dkv {
          multiplySerial(
            k, headWidth, q, Operand(mixed, stride: k, transposed: true), Operand(dContext, stride: width), beta: beta,
            into: dkv + block.keyRow * keyStride + valueColumn + block.column, stride: keyStride)
        }
        multiplySerial(
          q, k, headWidth, Operand(dContext, stride: width), value(block, transposed: true), into: dp.pointer, stride: k
        )
        if dropout.isActive { dropout.apply(dp.pointer, dp.pointer, q * k, from: block.probability) }
      } else {
        dp.pointer.update(repeating: 0, count: q * k)
      }
      if let extra { kernels.axpy(dp.pointer, 1, extra.pointer + block.probability, q * k) }
      kernels.softmax_backward_rows(dp.pointer, p, dp.pointer, scale, q, k, k)
      biasGradients?.collect(dp.pointer, block)
      if let (dq, beta) = dq {
        multiplySerial(
          q, headWidth, k, Operand(dp.pointer, stride: k), key(block), beta: beta,
          into: dq + block.queryRow * queryStride + block.column, stride: queryStride)
      }
      if let (dkv, beta) = dkv {
        multiplySerial(
          k, headWidth, q, Operand(dp.pointer, stride: k, transposed: true), query(block), beta: beta,
          into: dkv + block.keyRow * keyStride + keyColumn + block.column, stride: keyStride)
      }
    }
    biasGradients?.deliver(scale: 1 / scale)
  }
}
