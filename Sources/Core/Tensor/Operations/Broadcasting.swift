/// The shape that two operands share after expanding: axes are matched from the last, an extent of 1 or a missing axis stretches.
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
  /// This tensor repeated along axes of extent 1 (or missing in front) until it has `target`'s shape.
  public func expanded(to target: Shape) -> Tensor {
    if shape == target { return self }
    precondition(broadcastShape(shape, target) == target, "\(shape) does not expand to \(target)")
    let steps = expansionSteps(to: target)
    return Tensor.record(target, from: [self]) { out in
      visit(target, steps) { out[$0] = pointer[$1] }
    } backward: { [self] dy in
      node?.accumulate { gradient, beta in
        if beta == 0 { gradient.update(repeating: 0, count: count) }
        visit(target, steps) { gradient[$1] += dy[$0] }
      }
    }
  }

  /// For each axis of `target`, how far one step along it moves in this tensor: 0 where it is repeated.
  private func expansionSteps(to target: Shape) -> [Int] {
    var steps = [Int](repeating: 0, count: target.rank)
    var step = 1
    for axis in (0..<shape.rank).reversed() {
      if shape[axis] != 1 { steps[axis - shape.rank + target.rank] = step }
      step *= shape[axis]
    }
    return steps
  }

  /// Calls `body(position in target, position in self)` for every element of `target`.
  private func visit(_ target: Shape, _ steps: [Int], _ body: (Int, Int) -> Void) {
    let inner = target.columns
    let innerStep = steps.last ?? 0
    for row in 0..<target.rows {
      var (rest, start) = (row, 0)
      for axis in (0..<max(target.rank - 1, 0)).reversed() {
        start += rest % target[axis] * steps[axis]
        rest /= target[axis]
      }
      for column in 0..<inner { body(row * inner + column, start + column * innerStep) }
    }
  }
}
