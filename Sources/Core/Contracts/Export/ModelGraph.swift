/// The calculation of a model as a graph of operations, from which a file for other programs is written.
///
/// The operations have the names, inputs and attributes of [ONNX's operators](https://onnx.ai/onnx/operators/), version 17 of the
/// set. An encoder adds its nodes, and does not need to know the format of the file:
///
/// ```swift
/// let weight = graph.weights("classifier.weight", [width, outputs]) { values }
/// let logits = graph.node("MatMul", [embedding, weight])
/// ```
///
/// Letters for shapes are those of the rest of the package, except that sequences are padded here: B sequences of T tokens.
public struct ModelGraph {
  /// The result of a node, an input of the graph, or a constant.
  public struct Value: Sendable, Hashable {
    /// The name by which the file refers to it.
    public let name: String
  }

  /// A setting of an operation, which is known when the graph is made.
  public enum Attribute: Sendable, Equatable {
    case integer(Int)
    case integers([Int])
    case number(Float)
  }

  /// An operation on values.
  package struct Node: Sendable, Equatable {
    package let operation: String
    package let inputs: [Value]
    package let output: Value
    package let attributes: [String: Attribute]
  }

  /// Numbers that do not depend on the inputs.
  package struct Constant {
    package enum Numbers {
      /// Called when the file is written.
      case floats(() -> [Float])
      case integers([Int64])
    }
    package let value: Value
    package let shape: [Int]
    package let numbers: Numbers
  }

  /// The ids of the tokens, [B, T], 64-bit integers.
  public let inputIDs = Value(name: "input_ids")
  /// 1 for each token, and 0 for the padding, which follows the tokens; [B, T], 64-bit integers. The padding must not change any result.
  public let attentionMask = Value(name: "attention_mask")
  /// 0 for the tokens of the first text of an example and for the padding, and 1 for those of the second; [B, T], 64-bit integers.
  public let tokenTypeIDs = Value(name: "token_type_ids")

  package private(set) var nodes: [Node] = []
  package private(set) var constants: [Constant] = []
  private var known: Set<String> = []

  /// Creates a graph that has inputs and nothing else.
  public init() {}

  /// Adds an operation.
  ///
  /// - Parameters:
  ///   - operation: The name of the operator, such as `MatMul`.
  ///   - inputs: Its inputs, in the order of ONNX's documentation.
  ///   - attributes: Its attributes. Those that are left out have the operator's defaults.
  /// - Returns: The first output. Others cannot be used.
  public mutating func node(_ operation: String, _ inputs: [Value], _ attributes: [String: Attribute] = [:]) -> Value {
    let output = Value(name: "\(operation)_\(nodes.count)")
    nodes.append(Node(operation: operation, inputs: inputs, output: output, attributes: attributes))
    return output
  }

  /// Returns a value under a name of its own, which is not that of another value.
  package mutating func renamed(_ value: Value, _ name: String) -> Value {
    nodes.append(Node(operation: "Identity", inputs: [value], output: Value(name: name), attributes: [:]))
    return Value(name: name)
  }

  /// Adds parameters of the model. If there are parameters of this name already, they are returned.
  ///
  /// - Parameters:
  ///   - name: The name of the parameters in the file.
  ///   - shape: Their shape.
  ///   - values: Returns their values in row-major order. It is called when the file is written, so that they are not all in memory twice.
  public mutating func weights(_ name: String, _ shape: [Int], values: @escaping () -> [Float]) -> Value {
    constant(name, shape, .floats(values))
  }

  /// Adds one number without a shape, or returns it if it was added before.
  ///
  /// - Parameter number: The number.
  public mutating func scalar(_ number: Float) -> Value { constant("number_\(number)", [], .floats { [number] }) }

  /// Adds one integer without a shape, or returns it if it was added before.
  ///
  /// - Parameter integer: The integer.
  public mutating func scalar(_ integer: Int) -> Value {
    constant("integer_\(integer)", [], .integers([Int64(integer)]))
  }

  /// Adds a list of integers, such as axes or a shape, or returns it if it was added before.
  ///
  /// - Parameter integers: The integers.
  public mutating func list(_ integers: [Int]) -> Value {
    let name = "integers_" + integers.map(String.init).joined(separator: "_")
    return constant(name, [integers.count], .integers(integers.map(Int64.init)))
  }

  private mutating func constant(_ name: String, _ shape: [Int], _ numbers: Constant.Numbers) -> Value {
    let value = Value(name: name)
    if known.insert(name).inserted { constants.append(Constant(value: value, shape: shape, numbers: numbers)) }
    return value
  }
}
