import DistillCore
import Foundation

/// A result of a graph's node. Integers are numbers, too.
public struct GraphValue {
  public var shape: [Int]
  public var values: [Double]

  init(_ shape: [Int], _ values: [Double]) {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values for \(shape)")
    (self.shape, self.values) = (shape, values)
  }

  /// Creates a value by asking for the element at every index.
  public init(_ shape: [Int], _ element: ([Int]) -> Double) {
    var values: [Double] = []
    var index = shape.map { _ in 0 }
    for _ in 0..<shape.reduce(1, *) {
      values.append(element(index))
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
    self.init(shape, values)
  }

  var integers: [Int] { values.map { Int($0) } }

  /// The element at an index, of which leading axes are dropped and axes of extent 1 are repeated.
  subscript(index: [Int]) -> Double {
    let own = index.suffix(shape.count)
    return values[zip(shape, own).reduce(0) { $0 * $1.0 + ($1.0 == 1 ? 0 : $1.1) }]
  }

  func map(_ body: (Double) -> Double) -> GraphValue { GraphValue(shape, values.map(body)) }

  func combined(_ other: GraphValue, _ body: (Double, Double) -> Double) -> GraphValue {
    let rank = max(shape.count, other.shape.count)
    func padded(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
    let joint = zip(padded(shape), padded(other.shape)).map { pair in
      precondition(pair.0 == pair.1 || pair.0 == 1 || pair.1 == 1, "\(shape) and \(other.shape) do not fit")
      return max(pair.0, pair.1)
    }
    return GraphValue(joint) { body(self[$0], other[$0]) }
  }

  /// Replaces each row of the last axis.
  func mapRows(_ body: ([Double]) -> [Double]) -> GraphValue {
    let width = shape[shape.count - 1]
    return GraphValue(
      shape, stride(from: 0, to: values.count, by: width).flatMap { body(Array(values[$0..<$0 + width])) })
  }
}

extension ModelGraph {
  /// Calculates all values from those of the inputs, slowly and in Double, by what ONNX's documentation says of the operators.
  public func evaluated(_ inputs: [Value: GraphValue]) -> [Value: GraphValue] {
    var known = inputs
    for constant in constants {
      switch constant.numbers {
      case .floats(let numbers): known[constant.value] = GraphValue(constant.shape, numbers().map(Double.init))
      case .integers(let numbers): known[constant.value] = GraphValue(constant.shape, numbers.map(Double.init))
      }
    }
    for node in nodes { known[node.output] = node.result(node.inputs.map { known[$0] ?? GraphValue([0], []) }) }
    return known
  }
}

extension ModelGraph.Node {
  private func integer(_ name: String, _ usual: Int = 0) -> Int {
    if case .integer(let value) = attributes[name] { value } else { usual }
  }

  fileprivate func result(_ x: [GraphValue]) -> GraphValue {
    switch operation {
    case "Identity", "Cast": return x[0]
    case "Equal": return x[0].combined(x[1]) { $0 == $1 ? 1 : 0 }
    case "Add": return x[0].combined(x[1], +)
    case "Sub": return x[0].combined(x[1], -)
    case "Mul": return x[0].combined(x[1], *)
    case "Div": return x[0].combined(x[1], /)
    case "Max": return x[0].combined(x[1], max)
    case "Abs": return x[0].map(abs)
    case "Erf": return x[0].map(erf)
    case "Tanh": return x[0].map(tanh)
    case "Relu": return x[0].map { max($0, 0) }
    case "Sigmoid": return x[0].map { 1 / (1 + exp(-$0)) }
    case "Softmax":
      return x[0].mapRows { row in
        let powers = row.map { exp($0 - (row.max() ?? 0)) }
        return powers.map { $0 / powers.reduce(0, +) }
      }
    case "CumSum": return x[0].mapRows { $0.reduce(into: []) { $0.append(($0.last ?? 0) + $1) } }
    case "LayerNormalization":
      guard case .number(let epsilon) = attributes["epsilon"] else { preconditionFailure("no epsilon") }
      let normal = x[0].mapRows { row in
        let mean = row.reduce(0, +) / Double(row.count)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
        return row.map { ($0 - mean) / (variance + Double(epsilon)).squareRoot() }
      }
      return normal.combined(x[1], *).combined(x[2], +)
    case "MatMul":
      let inner = x[0].shape[x[0].shape.count - 1]
      let shape = x[0].shape.dropLast() + [x[1].shape[x[1].shape.count - 1]]
      return GraphValue(Array(shape)) { index in
        (0..<inner).reduce(0) { sum, k in
          let (left, right) = (index.dropLast() + [k], index.dropLast(2) + [k, index[index.count - 1]])
          return sum + x[0][Array(left)] * x[1][Array(right)]
        }
      }
    case "Shape": return GraphValue([1], [Double(x[0].shape[integer("start")])])
    case "Reshape":
      return GraphValue(x[1].integers.enumerated().map { $1 == 0 ? x[0].shape[$0] : $1 }, x[0].values)
    case "Transpose":
      guard case .integers(let order) = attributes["perm"] else { preconditionFailure("no perm") }
      return GraphValue(order.map { x[0].shape[$0] }) { index in
        var source = index
        for (place, axis) in order.enumerated() { source[axis] = index[place] }
        return x[0][source]
      }
    case "Unsqueeze":
      var shape = x[0].shape
      for axis in x[1].integers { shape.insert(1, at: axis) }
      return GraphValue(shape, x[0].values)
    case "Gather":
      let axis = integer("axis")
      let shape = x[0].shape[..<axis] + x[1].shape + x[0].shape[(axis + 1)...]
      return GraphValue(Array(shape)) { index in
        let chosen = x[1].shape.isEmpty ? x[1].values[0] : x[1][Array(index[axis..<axis + x[1].shape.count])]
        return x[0][index[..<axis] + [Int(chosen)] + index[(axis + x[1].shape.count)...]]
      }
    case "Slice":
      let (start, axis) = (x[1].integers[0], x[3].integers[0])
      var shape = x[0].shape
      shape[axis] = min(x[2].integers[0], shape[axis]) - start
      return GraphValue(shape) { index in
        var source = index
        source[axis] += start
        return x[0][source]
      }
    case "Concat":
      let axis = integer("axis")
      var shape = x[0].shape
      shape[axis] = x.reduce(0) { $0 + $1.shape[axis] }
      return GraphValue(shape) { index in
        var (source, part) = (index, 0)
        while source[axis] >= x[part].shape[axis] {
          source[axis] -= x[part].shape[axis]
          part += 1
        }
        return x[part][source]
      }
    case "ReduceSum":
      let axis = x[1].integers[0]
      var shape = x[0].shape
      shape.remove(at: axis)
      return GraphValue(shape) { index in
        (0..<x[0].shape[axis]).reduce(0) { sum, k in
          var source = index
          source.insert(k, at: axis)
          return sum + x[0][source]
        }
      }
    default: preconditionFailure("nothing here calculates \(operation)")
    }
  }
}
