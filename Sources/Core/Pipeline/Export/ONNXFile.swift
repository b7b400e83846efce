import DistillCore
import Foundation

/// A graph as a file of ONNX: a `ModelProto` in the wire format of protocol buffers, whose weights are in the file
/// ([onnx.proto](https://github.com/onnx/onnx/blob/main/onnx/onnx.proto)).
package struct ONNXFile {
  /// The version of the set of operators that ``ModelGraph`` speaks, and the version of the format that came with it.
  private static let (operatorSet, format) = (17, 8)
  /// Protocol buffers count the bytes of a message in 31 bits.
  package static let largestSize = Int(Int32.max)

  private enum ElementType: Int { case float = 1, int64 = 7 }

  let graph: ModelGraph
  /// The results of the graph and the number of columns of each, which are the outputs of the file.
  let outputs: [(value: ModelGraph.Value, columns: Int)]

  /// Writes the file.
  ///
  /// - Parameters:
  ///   - url: The path of the file.
  ///   - limit: The largest number of bytes that the file may have.
  /// - Throws: `FormatError` if it would be larger, or cannot be written.
  package func write(to url: URL, limit: Int = largestSize) throws {
    var nodes = ProtobufMessage()
    for node in graph.nodes { nodes.add(1, message: message(node)) }
    nodes.add(2, text: "model")
    for input in [graph.inputIDs, graph.attentionMask, graph.tokenTypeIDs] {
      nodes.add(11, message: description(input.name, .int64, [.named("batch"), .named("length")]))
    }
    for output in outputs {
      nodes.add(12, message: description(output.value.name, .float, [.named("batch"), .count(output.columns)]))
    }
    let pieces = [.bytes(nodes.bytes)] + graph.constants.flatMap(pieces)

    var model = ProtobufMessage()
    model.add(1, integer: Self.format)
    model.add(2, text: "swift-distill")
    model.add(3, text: SwiftDistill.version)
    var operators = ProtobufMessage()
    operators.add(1, text: "")
    operators.add(2, integer: Self.operatorSet)
    model.add(8, message: operators)
    let size = pieces.reduce(0) { $0 + $1.count }
    model.begin(7, contentCount: size)
    guard model.bytes.count + size <= limit else {
      throw FormatError(
        file: url,
        "would have \(model.bytes.count + size) bytes, and a file of ONNX can have \(limit); export a smaller student, or use "
          + "`--format transformers` or `--format sentence-transformers`, which have no such limit")
    }
    try AtomicFile.write([.bytes(model.bytes)] + pieces, to: url)
  }

  // MARK: Messages

  /// A `NodeProto`.
  private func message(_ node: ModelGraph.Node) -> ProtobufMessage {
    var message = ProtobufMessage()
    for input in node.inputs { message.add(1, text: input.name) }
    message.add(2, text: node.output.name)
    message.add(3, text: node.output.name)
    message.add(4, text: node.operation)
    for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
      var attribute = ProtobufMessage()
      attribute.add(1, text: name)
      switch value {
      case .number(let number):
        attribute.add(2, float: number)
        attribute.add(20, integer: 1)
      case .integer(let integer):
        attribute.add(3, integer: integer)
        attribute.add(20, integer: 2)
      case .integers(let integers):
        for integer in integers { attribute.add(8, integer: integer) }
        attribute.add(20, integer: 7)
      }
      message.add(5, message: attribute)
    }
    return message
  }

  private enum Dimension {
    case named(String)
    case count(Int)
  }

  /// A `ValueInfoProto`.
  private func description(_ name: String, _ type: ElementType, _ shape: [Dimension]) -> ProtobufMessage {
    var (axes, tensor, kind, value) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
    for dimension in shape {
      var axis = ProtobufMessage()
      switch dimension {
      case .count(let count): axis.add(1, integer: count)
      case .named(let name): axis.add(2, text: name)
      }
      axes.add(1, message: axis)
    }
    tensor.add(1, integer: type.rawValue)
    tensor.add(2, message: axes)
    kind.add(1, message: tensor)
    value.add(1, text: name)
    value.add(2, message: kind)
    return value
  }

  /// The field `initializer` of the graph with its `TensorProto`.
  private func pieces(_ constant: ModelGraph.Constant) -> [AtomicFile.Piece] {
    let (type, content): (ElementType, AtomicFile.Piece) =
      switch constant.numbers {
      case .integers(let numbers): (.int64, .integers(numbers))
      case .floats(let numbers): (.float, .floats(count: constant.shape.reduce(1, *), numbers))
      }
    var tensor = ProtobufMessage()
    for extent in constant.shape { tensor.add(1, integer: extent) }
    tensor.add(2, integer: type.rawValue)
    tensor.add(8, text: constant.value.name)
    tensor.begin(9, contentCount: content.count)
    var field = ProtobufMessage()
    field.begin(5, contentCount: tensor.bytes.count + content.count)
    return [.bytes(field.bytes + tensor.bytes), content]
  }
}
