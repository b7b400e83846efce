/// Returns the attention of the first token of each sequence over all its tokens, without calculating their keys and values.
///
/// With W = [W_q; W_k; W_v] and x₀ the first row of a sequence, head a has q = W_q,a·x₀ + b_q,a,
/// P = softmax over t of q·(W_k,a·x_t + b_k,a)/√d and context = Σ_t P_t·(W_v,a·x_t + b_v,a). Dropout is applied to P.
///
/// The factors that do not depend on t can be moved out of both sums. P is the softmax of (W_k,aᵀ·q)·x_t/√d, because q·b_k,a is
/// constant and a softmax ignores constants. The context is W_v,a·(Σ_t P_t·x_t) + b_v,a·Σ_t P_t. This takes A/H of the work of
/// calculating keys and values.
/// - `x`: [N, H].
/// - `weight`: [3H, H], the weights of queries, keys and values, and `bias`: [3H]. The gradient of b_k is zero.
/// - `offsets`: [B + 1], the position of each sequence's first row. No sequence is empty.
/// - Returns: The context [B, H].
public func classTokenAttention(
  _ x: Tensor, weight: Tensor, bias: Tensor, heads: Int, offsets: [Int], dropout: Dropout = .none
) -> Tensor {
  let work = ClassTokenAttention(x, weight: weight, bias: bias, heads: heads, offsets: offsets, dropout: dropout)
  return Tensor.record([work.sequences, work.width], from: [x, weight, bias], fill: work.forward) {
    work.backward($0)
  }
}

/// The operands, and the intermediate results that the backward pass needs.
private struct ClassTokenAttention {
  let x: Tensor, weight: Tensor, bias: Tensor
  let sequences: Int, heads: Int, width: Int, headWidth: Int
  let dropout: Dropout
  let scale: Float
  /// A layout with one block for each sequence.
  private let layout: AttentionLayout
  private let firstRows: [Int32]
  /// The queries of the first rows: [B, H].
  private let queries: Storage
  /// W_kᵀ·q of each head: [B, A, H].
  private let projectedQueries: Storage
  /// P before and after dropout, [A, T] for each sequence. Without dropout both are the same memory.
  private let probabilities: Storage, keptProbabilities: Storage
  /// Σ_t P_t of each head: [B, A].
  private let probabilitySums: Storage
  /// Σ_t P_t·x_t of each head: [B, A, H].
  private let weightedRowSums: Storage

  init(_ x: Tensor, weight: Tensor, bias: Tensor, heads: Int, offsets: [Int], dropout: Dropout) {
    precondition(x.shape.rank == 2 && x.shape[0] == offsets.last, "attention over \(x.shape) with offsets \(offsets)")
    let width = x.shape[1]
    precondition(
      weight.shape == [3 * width, width] && bias.shape == [3 * width],
      "attention over \(x.shape) by \(weight.shape) and \(bias.shape)")
    precondition(width % heads == 0, "\(heads) heads do not divide a width of \(width)")
    precondition(zip(offsets, offsets.dropFirst()).allSatisfy(<), "an empty sequence in \(offsets)")
    (self.x, self.weight, self.bias, self.heads, self.width, self.dropout) = (x, weight, bias, heads, width, dropout)
    sequences = offsets.count - 1
    headWidth = width / heads
    scale = 1 / Float(headWidth).squareRoot()
    layout = AttentionLayout(heads: 1, queryOffsets: Array(0...sequences), keyOffsets: offsets)
    firstRows = offsets.dropLast().map(Int32.init)
    queries = Storage(count: sequences * width)
    projectedQueries = Storage(count: sequences * heads * width)
    probabilities = Storage(count: heads * x.shape[0])
    keptProbabilities = dropout.isActive ? Storage(count: heads * x.shape[0]) : probabilities
    probabilitySums = Storage(count: sequences * heads)
    weightedRowSums = Storage(count: sequences * heads * width)
  }

  // Operands of one head: columns of [B, H], rows of one part of the weight (1 keys, 2 values), rows of [B, A, H].
  private func columns(_ pointer: UnsafePointer<Float>, _ head: Int, transposed: Bool = false) -> Operand {
    Operand(pointer + head * headWidth, stride: width, transposed: transposed)
  }
  private func part(_ part: Int, _ head: Int, transposed: Bool = false) -> Operand {
    Operand(weight.pointer + (part * width + head * headWidth) * width, stride: width, transposed: transposed)
  }
  private func perHead(_ storage: Storage, _ head: Int) -> Operand {
    Operand(storage.pointer + head * width, stride: heads * width)
  }
  /// The matrix [A, H] of one sequence in a tensor [B, A, H].
  private func ofSequence(_ storage: Storage, _ sequence: Int) -> Operand {
    Operand(storage.pointer + sequence * heads * width, stride: width)
  }

  /// Calls `body` with every sequence, in parallel: its index, its rows, their number, and the position of its probabilities.
  private func forSequences(_ body: (_ sequence: Int, _ rows: Operand, _ length: Int, _ probability: Int) -> Void) {
    layout.forBlocks(headWidth: heads * width) { block in
      body(
        block.sequence, Operand(x.pointer + block.keyRow * width, stride: width), block.keys,
        heads * block.probability)
    }
  }

  func forward(_ context: UnsafeMutablePointer<Float>) {
    let first = x.detached.gatheredRows(firstRows)
    multiply(
      sequences, width, width, Operand(first.pointer, stride: width),
      Operand(weight.pointer, stride: width, transposed: true), into: queries.pointer, stride: width)
    kernels.bias_add(queries.pointer, bias.pointer, sequences, width)
    Compute.parallel(heads) { part in
      for head in part {
        multiplySerial(
          sequences, width, headWidth, columns(queries.pointer, head), self.part(1, head),
          into: projectedQueries.pointer + head * width, stride: heads * width)
      }
    }
    forSequences { sequence, rows, length, start in
      let (p, mixed) = (probabilities.pointer + start, keptProbabilities.pointer + start)
      multiplySerial(
        heads, length, width, ofSequence(projectedQueries, sequence),
        Operand(rows.pointer, stride: width, transposed: true), into: p, stride: length)
      kernels.softmax_rows(p, p, scale, heads, length, length)
      if dropout.isActive { dropout.apply(mixed, p, heads * length, from: start) }
      kernels.row_sum(probabilitySums.pointer + sequence * heads, mixed, heads, length, length)
      multiplySerial(
        heads, width, length, Operand(mixed, stride: length), rows,
        into: weightedRowSums.pointer + sequence * heads * width, stride: width)
    }
    Compute.parallel(heads) { part in
      for head in part {
        let context = context + head * headWidth
        multiplySerial(
          sequences, headWidth, width, perHead(weightedRowSums, head), self.part(2, head, transposed: true),
          into: context,
          stride: width)
        for sequence in 0..<sequences {
          kernels.axpy(
            context + sequence * width, probabilitySums.pointer[sequence * heads + head],
            bias.pointer + 2 * width + head * headWidth, headWidth)
        }
      }
    }
  }

  func backward(_ dContext: UnsafeMutablePointer<Float>) {
    let dWeightedRowSums = rowSumGradients(dContext)
    let dScores = scoreGradients(dContext, dWeightedRowSums)
    let dProjectedQueries = projectedQueryGradients(dScores)
    let dQueries = queryGradients(dProjectedQueries)
    x.node?.accumulate(in: 0..<x.count) { addRowGradients($0, dScores, dWeightedRowSums) }
    weight.node?.accumulate(in: 0..<weight.count) { addWeightGradients($0, dContext, dProjectedQueries, dQueries) }
    bias.node?.accumulate(in: 0..<bias.count) { addBiasGradients($0, dContext, dQueries) }
    x.node?.accumulate(rows: firstRows, width: width) { gradient in
      let slope = matmul(dQueries, weight.detached.rows(0..<width))
      kernels.scatter_add_rows(gradient, slope.pointer, firstRows, sequences, width)
    }
  }

  /// Returns the gradients of Σ_t P_t·x_t, which are W_vᵀ·∂context for each head: [B, A, H].
  private func rowSumGradients(_ dContext: UnsafePointer<Float>) -> Storage {
    let gradients = Storage(count: sequences * heads * width)
    Compute.parallel(heads) { part in
      for head in part {
        multiplySerial(
          sequences, width, headWidth, columns(dContext, head), self.part(2, head),
          into: gradients.pointer + head * width, stride: heads * width)
      }
    }
    return gradients
  }

  /// Returns the gradients of the scores before the softmax, [A, T] for each sequence.
  private func scoreGradients(_ dContext: UnsafePointer<Float>, _ dWeightedRowSums: Storage) -> Storage {
    let gradients = Storage(count: heads * x.shape[0])
    forSequences { sequence, rows, length, start in
      let slope = gradients.pointer + start
      multiplySerial(
        heads, length, width, ofSequence(dWeightedRowSums, sequence),
        Operand(rows.pointer, stride: width, transposed: true), into: slope, stride: length)
      if dropout.isActive {  // only without dropout is Σ_t P_t always 1, and b_v·Σ_t P_t without a gradient
        for head in 0..<heads {
          let column = head * headWidth
          let term = kernels.dot(dContext + sequence * width + column, bias.pointer + 2 * width + column, headWidth)
          kernels.add_scalar(slope + head * length, slope + head * length, term, length)
        }
        dropout.apply(slope, slope, heads * length, from: start)
      }
      kernels.softmax_backward_rows(slope, probabilities.pointer + start, slope, scale, heads, length, length)
    }
    return gradients
  }

  /// Returns the gradients of W_kᵀ·q for each head: [B, A, H].
  private func projectedQueryGradients(_ dScores: Storage) -> Storage {
    let gradients = Storage(count: sequences * heads * width)
    forSequences { sequence, rows, length, start in
      multiplySerial(
        heads, width, length, Operand(dScores.pointer + start, stride: length), rows,
        into: gradients.pointer + sequence * heads * width, stride: width)
    }
    return gradients
  }

  /// Returns the gradients of the queries: [B, H].
  private func queryGradients(_ dProjectedQueries: Storage) -> Tensor {
    Tensor([sequences, width]) { gradients in
      Compute.parallel(heads) { part in
        for head in part {
          multiplySerial(
            sequences, headWidth, width, perHead(dProjectedQueries, head), self.part(1, head, transposed: true),
            into: gradients + head * headWidth, stride: width)
        }
      }
    }
  }

  /// Adds the gradients that the rows receive in their roles as values and as keys.
  private func addRowGradients(_ gradient: UnsafeMutablePointer<Float>, _ dScores: Storage, _ dWeightedRowSums: Storage)
  {
    forSequences { sequence, rows, length, start in
      let target = gradient + (rows.pointer - UnsafePointer(x.pointer))
      for (factors, directions) in [(keptProbabilities, dWeightedRowSums), (dScores, projectedQueries)] {
        multiplySerial(
          length, width, heads, Operand(factors.pointer + start, stride: length, transposed: true),
          ofSequence(directions, sequence), beta: 1, into: target, stride: width)
      }
    }
  }

  private func addWeightGradients(
    _ gradient: UnsafeMutablePointer<Float>, _ dContext: UnsafePointer<Float>, _ dProjectedQueries: Storage,
    _ dQueries: Tensor
  ) {
    Compute.parallel(heads) { part in
      for head in part {
        for (number, factor, direction) in [
          (1, UnsafePointer(queries.pointer), dProjectedQueries), (2, dContext, weightedRowSums),
        ] {
          multiplySerial(
            headWidth, width, sequences, columns(factor, head, transposed: true), perHead(direction, head), beta: 1,
            into: gradient + (number * width + head * headWidth) * width, stride: width)
        }
      }
    }
    let first = x.detached.gatheredRows(firstRows)
    multiply(
      width, width, sequences, Operand(dQueries.pointer, stride: width, transposed: true),
      Operand(first.pointer, stride: width), beta: 1, into: gradient, stride: width)
  }

  private func addBiasGradients(
    _ gradient: UnsafeMutablePointer<Float>, _ dContext: UnsafePointer<Float>, _ dQueries: Tensor
  ) {
    kernels.column_sum_accumulate(gradient, dQueries.pointer, sequences, width, width)
    for sequence in 0..<sequences {
      for head in 0..<heads {
        kernels.axpy(
          gradient + 2 * width + head * headWidth, probabilitySums.pointer[sequence * heads + head],
          dContext + sequence * width + head * headWidth, headWidth)
      }
    }
  }
}
