/// Returns op(A)·op(B), where op transposes its operand if requested: [m, k], [k, n] → [m, n].
///
/// ∂/∂op(A) = dC·op(B)ᵀ, ∂/∂op(B) = op(A)ᵀ·dC.
public func matmul(_ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false) -> Tensor {
  precondition(a.shape.rank == 2 && b.shape.rank == 2, "matmul takes matrices, not shapes \(a.shape) and \(b.shape)")
  let (m, k) = transposeA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
  let (inner, n) = transposeB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
  precondition(
    k == inner,
    "matmul of \(a.shape)\(transposeA ? "ᵀ" : "") and \(b.shape)\(transposeB ? "ᵀ" : ""): \(k) against \(inner)")
  func operand(_ x: Tensor, transposed: Bool) -> Operand {
    Operand(x.pointer, stride: max(x.shape[1], 1), transposed: transposed)
  }
  return Tensor.record([m, n], from: [a, b]) { out in
    multiply(
      m, n, k, operand(a, transposed: transposeA), operand(b, transposed: transposeB), into: out, stride: max(n, 1))
  } backward: { dy in
    // Each gradient is calculated in the layout of the stored matrix, so that that of a transposed operand needs no copy.
    let (dc, dcT) = (Operand(dy, stride: max(n, 1)), Operand(dy, stride: max(n, 1), transposed: true))
    a.node?.accumulate { out, beta in
      let other = operand(b, transposed: transposeA ? transposeB : !transposeB)
      if transposeA {
        multiply(k, m, n, other, dcT, beta: beta, into: out, stride: max(m, 1))
      } else {
        multiply(m, k, n, dc, other, beta: beta, into: out, stride: max(k, 1))
      }
    }
    b.node?.accumulate { out, beta in
      let other = operand(a, transposed: transposeB ? transposeA : !transposeA)
      if transposeB {
        multiply(n, k, m, dcT, other, beta: beta, into: out, stride: max(k, 1))
      } else {
        multiply(k, n, m, other, dc, beta: beta, into: out, stride: max(n, 1))
      }
    }
  }
}

/// The parameters of a layer norm, [I] each.
public struct LayerNormParameters {
  let gamma: Tensor, beta: Tensor

  /// - Parameters:
  ///   - gamma: What the normalised values are multiplied by.
  ///   - beta: What is added then.
  public init(gamma: Tensor, beta: Tensor) { (self.gamma, self.beta) = (gamma, beta) }
}

/// Returns x·Wᵀ + b: x [N, I], weight W [O, I] (the layout of PyTorch), bias [O] → [N, O].
///
/// The products of the forward and the backward pass have the precision ``Compute/precision``. In `int8` neither operand may be part of a
/// graph of gradients.
///
/// - Parameters:
///   - x: The inputs.
///   - weight: The weight.
///   - bias: The bias, or `nil` for none.
///   - norm: The layer norm that `x` comes from. `int8` divides the columns of `x` by a guess of their range, so that a few large ones do not
///     leave a few steps for the others; the other precisions ignore it. The same weight must always come with the same norm.
public func linear(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, after norm: LayerNormParameters? = nil
) -> Tensor {
  precondition(
    x.shape.rank == 2 && weight.shape.rank == 2 && x.shape[1] == weight.shape[1],
    "linear of \(x.shape) with a weight of \(weight.shape)")
  precondition(
    norm.map { $0.gamma.shape == [x.shape[1]] && $0.beta.shape == [x.shape[1]] } ?? true,
    "a layer norm that does not fit inputs of \(x.shape)")
  precondition(
    bias.map { $0.shape == [weight.shape[0]] } ?? true, "a bias that does not fit a weight of \(weight.shape)")
  let product =
    switch Compute.precision {
    case .bfloat16: roundedProduct(x, weight)
    // A classifier is a small part of the work, and the last one to make its result less exact.
    case .int8 where weight.count > 1 << 16: quantisedProduct(x, weight, norm)
    case .float32, .int8: matmul(x, weight, transposeB: true)
    }
  return bias.map { product.addingBias($0) } ?? product
}

/// Returns x·Wᵀ. The operands of this product and of its gradients dy·W and dyᵀ·x are rounded to bfloat16.
private func roundedProduct(_ x: Tensor, _ weight: Tensor) -> Tensor {
  let (n, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[0])
  return Tensor.record([n, outputs], from: [x, weight]) { out in
    multiply(
      n, outputs, inputs, RoundedOperand(left: Operand(x.pointer, stride: inputs), rows: n, depth: inputs),
      weight.storage.rounded(at: weight.offset, rows: outputs, columns: inputs), into: out, stride: outputs)
  } backward: { dy in
    x.node?.accumulate { out, beta in
      multiply(
        n, inputs, outputs, RoundedOperand(left: Operand(dy, stride: outputs), rows: n, depth: outputs),
        RoundedOperand(right: Operand(weight.pointer, stride: inputs), columns: inputs, depth: outputs), beta: beta,
        into: out, stride: inputs)
    }
    weight.node?.accumulate { out, beta in
      multiply(
        outputs, inputs, n,
        RoundedOperand(left: Operand(dy, stride: outputs, transposed: true), rows: outputs, depth: n),
        RoundedOperand(right: Operand(x.pointer, stride: inputs), columns: inputs, depth: n), beta: beta, into: out,
        stride: inputs)
    }
  }
}

/// Returns x·Wᵀ with operands of bytes.
private func quantisedProduct(_ x: Tensor, _ weight: Tensor, _ norm: LayerNormParameters?) -> Tensor {
  precondition(x.node == nil && weight.node == nil, "int8 has no gradients: ask Precision.hasGradients before training")
  let (n, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[0])
  let product = Storage(count: n * outputs)
  let quantised = weight.storage.quantised(at: weight.offset, rows: outputs, columns: inputs, norm: norm)
  multiply(
    n, outputs, inputs,
    QuantisedRows(Operand(x.pointer, stride: inputs), rows: n, depth: inputs, for: quantised), quantised,
    into: product.pointer, stride: outputs)
  return Tensor(shape: [n, outputs], storage: product)
}

extension Tensor {
  /// Adds a bias to every row in place: [N, O], [O] → [N, O]. The receiver must be a new product that nothing else reads.
  fileprivate func addingBias(_ bias: Tensor) -> Tensor {
    let (rows, columns) = (shape.rows, shape.columns)
    Compute.parallel(rows, grain: max(1, elementwiseGrain / max(columns, 1))) { range in
      kernels.bias_add(pointer + range.lowerBound * columns, bias.pointer, range.count, columns)
    }
    return detached.recorded(from: [self, bias], passingOnTo: self) { dy in
      bias.accumulateColumnSums(dy, rows: rows)
    }
  }

  /// Adds the column sums of `dy` [rows, count] to the gradient of this vector.
  ///
  /// One thread sums a whole column, so that the result does not depend on the number of threads.
  func accumulateColumnSums(_ dy: UnsafePointer<Float>, rows: Int) {
    let columns = count
    node?.accumulate { out, beta in
      if beta == 0 { out.update(repeating: 0, count: columns) }
      Compute.parallel(columns, grain: max(64, elementwiseGrain / max(rows, 1))) { range in
        kernels.column_sum_accumulate(out + range.lowerBound, dy + range.lowerBound, rows, range.count, columns)
      }
    }
  }
}
