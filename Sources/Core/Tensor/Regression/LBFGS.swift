/// Minimises a smooth convex function by L-BFGS (Liu and Nocedal 1989) with ten remembered steps.
///
/// The line search halves and doubles until the weak Wolfe conditions hold (Burke, Lewis and Overton 2005). Near the minimum,
/// where rounding hides a decrease, the condition on values is replaced by one on slopes (Hager and Zhang 2005).
///
/// - Parameters:
///   - start: The first point.
///   - tolerance: The length of the gradient at which the search ends.
///   - iterations: The largest number of iterations. It also ends when no step decreases the function any more.
///   - function: Returns the value and the gradient at a point.
/// - Returns: The point with the smallest value that was found.
func minimised(
  from start: [Double], tolerance: Double = 1e-6, iterations: Int = 1000,
  _ function: ([Double]) -> (value: Double, gradient: [Double])
) -> [Double] {
  var point = start
  var (value, gradient) = function(point)
  var history: [(step: [Double], change: [Double], curvature: Double)] = []
  for _ in 0..<iterations {
    guard dot(gradient, gradient).squareRoot() > tolerance else { break }
    let direction = descent(gradient, history)
    let first = history.isEmpty ? 1 / max(1, dot(gradient, gradient).squareRoot()) : 1
    guard let found = search(from: point, value, gradient, along: direction, first: first, function) else {
      if history.isEmpty { break }
      history = []  // rounding has spoilt the curvature: try the gradient itself before giving up
      continue
    }
    let step = zip(found.point, point).map { $0 - $1 }
    let change = zip(found.gradient, gradient).map { $0 - $1 }
    let curvature = dot(step, change)
    if curvature > 0 {
      if history.count == 10 { history.removeFirst() }
      history.append((step, change, curvature))
    }
    (point, value, gradient) = (found.point, found.value, found.gradient)
  }
  return point
}

/// Returns −H·gradient, where H is the inverse Hessian that the history implies (Nocedal 1980, the two-loop recursion).
private func descent(
  _ gradient: [Double], _ history: [(step: [Double], change: [Double], curvature: Double)]
) -> [Double] {
  var direction = gradient.map { -$0 }
  var factors: [Double] = []
  for (step, change, curvature) in history.reversed() {
    let factor = dot(step, direction) / curvature
    factors.append(factor)
    add(-factor, change, to: &direction)
  }
  if let last = history.last {
    let scale = last.curvature / dot(last.change, last.change)
    for i in direction.indices { direction[i] *= scale }
  }
  for ((step, change, curvature), factor) in zip(history, factors.reversed()) {
    add(factor - dot(change, direction) / curvature, step, to: &direction)
  }
  return direction
}

/// Returns a point along a direction that fulfils the Wolfe conditions, or `nil` if 40 trials found none.
private func search(
  from point: [Double], _ value: Double, _ gradient: [Double], along direction: [Double], first: Double,
  _ function: ([Double]) -> (value: Double, gradient: [Double])
) -> (point: [Double], value: Double, gradient: [Double])? {
  let slope = dot(gradient, direction)
  guard slope < 0 else { return nil }
  let rounding = 1e-7 * max(abs(value), 1e-3)  // values are sums of Float32 logarithms
  var (low, high, step) = (0.0, Double.infinity, first)
  for _ in 0..<40 {
    var next = point
    add(step, direction, to: &next)
    let (newValue, newGradient) = function(next)
    let newSlope = dot(newGradient, direction)
    let decreases =
      newValue <= value + 1e-4 * step * slope || (newValue <= value + rounding && newSlope <= (2e-4 - 1) * slope)
    if !decreases || !newValue.isFinite {
      high = step
    } else if newSlope < 0.9 * slope {
      low = step
    } else {
      return (next, newValue, newGradient)
    }
    step = high.isFinite ? (low + high) / 2 : 2 * step
  }
  return nil
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count, "the dot product of \(a.count) and \(b.count) numbers")
  return dotProduct(a, b, a.count)
}

private func add(_ factor: Double, _ x: [Double], to y: inout [Double]) {
  for i in y.indices { y[i] += factor * x[i] }
}
