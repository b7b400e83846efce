/// The number of elements of an elementwise operation from which it is worth involving another thread.
let elementwiseGrain = 16_384

extension Tensor {
  /// Applies a kernel to every element. `gradient` returns ∂loss/∂x, given the operand x, the result y and its gradient dy.
  private func map(
    _ kernel: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void,
    gradient: @escaping (_ x: Tensor, _ y: Tensor, _ dy: Tensor) -> Tensor
  ) -> Tensor {
    let y = Tensor(shape) { out in
      Compute.parallel(count, grain: elementwiseGrain) { range in
        kernel(out + range.lowerBound, pointer + range.lowerBound, range.count)
      }
    }
    guard let node else { return y }
    let (x, constant) = (detached, y)
    return y.recorded(from: [self]) { dy in
      node.accumulate(gradient(x, constant, Tensor(copying: dy, x.shape)))
    }
  }

  /// Creates a tensor with a copy of the elements at `source`.
  init(copying source: UnsafePointer<Float>, _ shape: Shape) {
    self.init(shape) { $0.update(from: source, count: shape.count) }
  }

  /// eˣ
  public func exp() -> Tensor { map({ kernels.exp($0, $1, $2) }) { _, y, dy in dy * y } }
  /// ln x
  public func log() -> Tensor { map({ kernels.log($0, $1, $2) }) { x, _, dy in dy / x } }
  /// tanh x
  public func tanh() -> Tensor { map({ kernels.tanh($0, $1, $2) }) { _, y, dy in dy * (1 - y * y) } }
  /// √x. The slope at 0 is infinite.
  public func squareRoot() -> Tensor { map({ kernels.sqrt($0, $1, $2) }) { _, y, dy in dy / (2 * y) } }
  /// |x|. The slope at 0 is defined as 0.
  public func absolute() -> Tensor {
    map({ kernels.abs($0, $1, $2) }) { x, _, dy in dy * x.sign() }
  }
  /// max(x, 0). The slope at 0 is defined as 0.
  public func relu() -> Tensor { clamped(from: 0) }
  /// x²
  public func squared() -> Tensor { self * self }

  /// max(low, min(x, high)). NaN stays NaN. The gradient is 0 for elements at or beyond a limit.
  public func clamped(from low: Float = -.infinity, to high: Float = .infinity) -> Tensor {
    // The kernel uses comparisons, because Swift's `max` and `min` would replace NaN by a limit and so hide it.
    map({ out, x, n in for i in 0..<n { out[i] = x[i] < low ? low : x[i] > high ? high : x[i] } }) { x, _, dy in
      Tensor(x.shape) { out in
        for i in 0..<x.count { out[i] = x.pointer[i] > low && x.pointer[i] < high ? dy.pointer[i] : 0 }
      }
    }
  }

  private func sign() -> Tensor {
    Tensor(shape) { kernels.sign($0, pointer, count) }
  }

  // MARK: Arithmetic with a number

  /// slope · x + shift
  private func affine(_ slope: Float, _ shift: Float) -> Tensor {
    let y = Tensor(shape) { out in
      Compute.parallel(count, grain: elementwiseGrain) { range in
        let out = out + range.lowerBound
        kernels.scale(out, pointer + range.lowerBound, slope, range.count)
        if shift != 0 { kernels.add_scalar(out, out, shift, range.count) }
      }
    }
    return y.recorded(from: [self]) { [node] dy in node?.accumulate(dy, scale: slope) }
  }

  public static prefix func - (x: Tensor) -> Tensor { x.affine(-1, 0) }
  public static func + (x: Tensor, shift: Float) -> Tensor { x.affine(1, shift) }
  public static func + (shift: Float, x: Tensor) -> Tensor { x.affine(1, shift) }
  public static func - (x: Tensor, shift: Float) -> Tensor { x.affine(1, -shift) }
  public static func - (shift: Float, x: Tensor) -> Tensor { x.affine(-1, shift) }
  public static func * (x: Tensor, slope: Float) -> Tensor { x.affine(slope, 0) }
  public static func * (slope: Float, x: Tensor) -> Tensor { x.affine(slope, 0) }
  public static func / (x: Tensor, divisor: Float) -> Tensor { x.affine(1 / divisor, 0) }
  public static func / (dividend: Float, x: Tensor) -> Tensor { Tensor(dividend) / x }

  // MARK: Arithmetic with a tensor

  // `binary` first expands operands of different shapes to a common one, so each gradient below is written for equal shapes.

  public static func + (a: Tensor, b: Tensor) -> Tensor {
    binary(a, b, { kernels.add($0, $1, $2, $3) }) { a, b, dy in
      a.node?.accumulate(dy)
      b.node?.accumulate(dy)
    }
  }

  public static func - (a: Tensor, b: Tensor) -> Tensor {
    binary(a, b, { kernels.sub($0, $1, $2, $3) }) { a, b, dy in
      a.node?.accumulate(dy)
      b.node?.accumulate(dy, scale: -1)
    }
  }

  public static func * (a: Tensor, b: Tensor) -> Tensor {
    binary(a, b, { kernels.mul($0, $1, $2, $3) }) { a, b, dy in
      let count = a.count
      a.node?.accumulate { out, beta in
        if beta == 0 {
          kernels.mul(out, dy, b.pointer, count)
        } else {
          kernels.mul_accumulate(out, dy, b.pointer, count)
        }
      }
      b.node?.accumulate { out, beta in
        if beta == 0 {
          kernels.mul(out, dy, a.pointer, count)
        } else {
          kernels.mul_accumulate(out, dy, a.pointer, count)
        }
      }
    }
  }

  public static func / (a: Tensor, b: Tensor) -> Tensor {
    binary(a, b, { kernels.div($0, $1, $2, $3) }) { a, b, dy in
      let slope = Tensor(copying: dy, a.shape) / b.detached
      a.node?.accumulate(slope)
      b.node?.accumulate(slope * a.detached / b.detached, scale: -1)
    }
  }

  private static func binary(
    _ a: Tensor, _ b: Tensor,
    _ kernel: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Void,
    backward: @escaping (_ a: Tensor, _ b: Tensor, _ dy: UnsafePointer<Float>) -> Void
  ) -> Tensor {
    let shape = a.shape == b.shape ? a.shape : broadcastShape(a.shape, b.shape)
    let (a, b) = (a.expanded(to: shape), b.expanded(to: shape))
    return record(shape, from: [a, b]) { out in
      Compute.parallel(shape.count, grain: elementwiseGrain) { range in
        let start = range.lowerBound
        kernel(out + start, a.pointer + start, b.pointer + start, range.count)
      }
    } backward: { dy in
      backward(a, b, dy)
    }
  }
}
