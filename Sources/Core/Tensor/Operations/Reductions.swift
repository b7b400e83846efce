extension Tensor {
  /// Returns the sum of all elements, a scalar, which is calculated in double precision.
  public func sum() -> Tensor {
    Tensor.record([], from: [self]) { out in
      out.pointee = Float(kernels.sum(pointer, count))
    } backward: { [node, count] dy in
      node?.accumulate { gradient, beta in
        if beta == 0 {
          gradient.update(repeating: dy.pointee, count: count)
        } else {
          kernels.add_scalar(gradient, gradient, dy.pointee, count)
        }
      }
    }
  }

  /// Returns the mean of all elements, a scalar.
  public func mean() -> Tensor {
    precondition(count > 0, "the mean of no elements")
    return sum() / Float(count)
  }

  /// Returns the sum along one axis, which is removed, or kept with extent 1 if `keepingAxis` is set.
  public func sum(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let (outer, extent, inner) = split(at: axis)
    let result = Shape((0..<shape.rank).compactMap { $0 == axis ? (keepingAxis ? 1 : nil) : shape[$0] })
    return Tensor.record(result, from: [self]) { out in
      out.update(repeating: 0, count: outer * inner)
      for i in 0..<outer {
        if inner == 1 {
          out[i] = Float(kernels.sum(pointer + i * extent, extent))
        } else {
          kernels.column_sum_accumulate(out + i * inner, pointer + i * extent * inner, extent, inner, inner)
        }
      }
    } backward: { [node] dy in
      node?.accumulate { gradient, beta in
        for i in 0..<outer {
          for j in 0..<extent {
            let (row, source) = (gradient + (i * extent + j) * inner, dy + i * inner)
            for k in 0..<inner { row[k] = (beta == 0 ? 0 : row[k]) + source[k] }
          }
        }
      }
    }
  }

  /// Returns the mean along one axis, which is removed, or kept with extent 1 if `keepingAxis` is set.
  public func mean(axis: Int, keepingAxis: Bool = false) -> Tensor {
    precondition(shape[axis] > 0, "the mean along an empty axis of \(shape)")
    return sum(axis: axis, keepingAxis: keepingAxis) / Float(shape[axis])
  }

  /// Returns the largest element of each row (last axis), without a gradient.
  public func rowMaxima() -> [Float] {
    (0..<shape.rows).map { row in (0..<shape.columns).map { pointer[row * shape.columns + $0] }.max() ?? -.infinity }
  }

  /// Returns the position of the largest element of each row (last axis), the first one among equals.
  public func rowArgmax() -> [Int] {
    (0..<shape.rows).map { row in
      let start = pointer + row * shape.columns
      return (0..<shape.columns).reduce(0) { start[$1] > start[$0] ? $1 : $0 }
    }
  }

  /// Returns the product of the extents before an axis, its own extent, and the product of the extents after it.
  func split(at axis: Int) -> (outer: Int, extent: Int, inner: Int) {
    var (outer, inner) = (1, 1)
    for other in 0..<axis { outer *= shape[other] }
    for other in axis + 1..<max(shape.rank, axis + 1) { inner *= shape[other] }
    return (outer, shape[axis], inner)
  }
}

extension Tensor {
  /// Returns the mean of the rows of each segment: [N, H], B + 1 offsets → [B, H]. No segment may be empty.
  public func segmentMeans(_ offsets: [Int]) -> Tensor {
    let width = shape.columns
    precondition(shape.rank == 2 && offsets.last == shape[0], "segments of \(shape) that do not cover its rows")
    let segments = zip(offsets, offsets.dropFirst()).map { $0..<$1 }
    for segment in segments { precondition(!segment.isEmpty, "the mean of an empty segment") }
    return Tensor.record([segments.count, width], from: [self]) { out in
      out.update(repeating: 0, count: segments.count * width)
      for (b, rows) in segments.enumerated() {
        kernels.column_sum_accumulate(out + b * width, pointer + rows.lowerBound * width, rows.count, width, width)
        kernels.scale(out + b * width, out + b * width, 1 / Float(rows.count), width)
      }
    } backward: { [node, count] dy in
      node?.accumulate(in: 0..<count) { gradient in
        for (b, rows) in segments.enumerated() {
          for row in rows { kernels.axpy(gradient + row * width, 1 / Float(rows.count), dy + b * width, width) }
        }
      }
    }
  }
}
