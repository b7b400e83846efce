/// Returns the shape that two operands are expanded to.
///
/// As in NumPy, axes are matched from the last. An axis that is missing or has the extent 1 is repeated.
func broadcastShape(_ a: Shape, _ b: Shape) -> Shape {
  let rank = max(a.rank, b.rank)
  return Shape(
    (0..<rank).map { axis in
      let (i, j) = (axis - rank + a.rank, axis - rank + b.rank)
      let (x, y) = (i < 0 ? 1 : a[i], j < 0 ? 1 : b[j])
      precondition(x == y || x == 1 || y == 1, "shapes \(a) and \(b) do not go together")
      return x == 1 ? y : x
    })
}

extension Tensor {
  /// Returns this tensor, repeated along leading axes that it lacks and along axes of extent 1, in the shape `target`.
  public func expanded(to target: Shape) -> Tensor {
    if shape == target { return self }
    precondition(broadcastShape(shape, target) == target, "\(shape) does not expand to \(target)")
    let (steps, width) = (expansionSteps(to: target), target.columns)
    let repeatsColumn = steps.last == 0  // otherwise each row of the target is a row of this tensor
    return Tensor.record(target, from: [self]) { out in
      visitRows(of: target, steps) { row, source in
        if repeatsColumn {
          (out + row).update(repeating: pointer[source], count: width)
        } else {
          (out + row).update(from: pointer + source, count: width)
        }
      }
    } backward: { [self] dy in
      node?.accumulate(in: 0..<count) { gradient in
        visitRows(of: target, steps) { row, source in
          if repeatsColumn {
            gradient[source] += Float(kernels.sum(dy + row, width))
          } else {
            kernels.axpy(gradient + source, 1, dy + row, width)
          }
        }
      }
    }
  }

  /// Returns the distance in this tensor that corresponds to one step along each axis of `target`; 0 if the axis is repeated.
  private func expansionSteps(to target: Shape) -> [Int] {
    var steps = [Int](repeating: 0, count: target.rank)
    var step = 1
    for axis in (0..<shape.rank).reversed() {
      if shape[axis] != 1 { steps[axis - shape.rank + target.rank] = step }
      step *= shape[axis]
    }
    return steps
  }

  /// Calls `body` with the position of every row of `target`, and with the position of its first element in this tensor.
  private func visitRows(of target: Shape, _ steps: [Int], _ body: (Int, Int) -> Void) {
    guard target.count > 0 else { return }
    for row in 0..<target.rows {
      var (rest, start) = (row, 0)
      for axis in (0..<target.rank - 1).reversed() {
        start += rest % target[axis] * steps[axis]
        rest /= target[axis]
      }
      body(row * target.columns, start)
    }
  }
}
