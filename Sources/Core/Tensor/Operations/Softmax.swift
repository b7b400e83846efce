extension Tensor {
  private static let rowGrain = 4_096  // the number of elements from which it is worth involving another thread

  /// Calls `body` with ranges of rows (last axis), in parallel: the position of the first element and the number of rows.
  func forRows(_ body: (_ offset: Int, _ rows: Int) -> Void) {
    let columns = shape.columns
    Compute.parallel(shape.rows, grain: max(1, Self.rowGrain / max(columns, 1))) {
      body($0.lowerBound * columns, $0.count)
    }
  }

  /// Returns the softmax over the last axis: exp(xᵢ) / Σ exp(xⱼ).
  public func softmax() -> Tensor {
    let columns = shape.columns
    let y = Tensor(shape) { out in
      forRows { kernels.softmax_rows(out + $0, pointer + $0, 1, $1, columns, columns) }
    }
    return y.recorded(from: [self], passingOnTo: self) { dy in
      y.forRows { kernels.softmax_backward_rows(dy + $0, y.pointer + $0, dy + $0, 1, $1, columns, columns) }
    }
  }

  /// Returns the logarithm of the softmax over the last axis: xᵢ − ln Σ exp(xⱼ).
  public func logSoftmax() -> Tensor {
    let columns = shape.columns
    let y = Tensor(shape) { out in
      forRows { kernels.log_softmax_rows(out + $0, pointer + $0, 1, $1, columns, columns) }
    }
    return y.recorded(from: [self], passingOnTo: self) { dy in
      y.forRows { kernels.log_softmax_backward_rows(dy + $0, y.pointer + $0, dy + $0, 1, $1, columns, columns) }
    }
  }
}

/// Returns the softmax over the last axis: exp(xᵢ) / Σ exp(xⱼ).
public func softmax(_ x: Tensor) -> Tensor { x.softmax() }
/// Returns the logarithm of the softmax over the last axis: xᵢ − ln Σ exp(xⱼ).
public func logSoftmax(_ x: Tensor) -> Tensor { x.logSoftmax() }
