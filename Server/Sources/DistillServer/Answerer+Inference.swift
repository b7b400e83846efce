import DistillCore
import DistillPipeline
import Hummingbird

/// The Open Inference Protocol, version 2, which KServe and Triton speak. A run is a model whose inputs are `text` and, for pairs, `pair`.
extension Answerer {
  struct InferenceReady: Encodable {
    let name: String
    let ready: Bool
  }

  private struct TensorDescription: Encodable {
    let name, datatype: String
    let shape: [Int]
  }

  private struct OutputTensor: Encodable {
    enum Values: Encodable {
      case bytes([String])
      case floats([Float])
      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .bytes(let texts): try container.encode(texts)
        case .floats(let numbers): try container.encode(numbers)
        }
      }
    }
    let name, datatype: String
    let shape: [Int]
    let data: Values
  }

  func inferenceServer() throws -> Response {
    struct Server: Encodable {
      let name = "swift-distill"
      let version = SwiftDistill.version
      let extensions: [String] = []
    }
    return try .json(Server())
  }

  func inferenceModel(_ place: RunPlace) throws -> Response {
    struct Model: Encodable {
      let name: String
      let versions: [String]
      let platform = "swift-distill"
      let inputs, outputs: [TensorDescription]
    }
    let run = place.current
    let names = ["text"] + (run.finished.hasPairs ? ["pair"] : [])
    return try .json(
      Model(
        name: run.name, versions: ["\(run.version)"],
        inputs: names.map { TensorDescription(name: $0, datatype: "BYTES", shape: [-1]) },
        outputs: outputs(of: [], run).map {
          TensorDescription(name: $0.name, datatype: $0.datatype, shape: [-1] + $0.shape.dropFirst())
        }))
  }

  func infer(_ request: InferRequest, _ place: RunPlace) async throws -> Response {
    struct Answer: Encodable {
      let modelName, modelVersion: String
      let id: String?
      let outputs: [OutputTensor]
      enum CodingKeys: String, CodingKey { case modelName = "model_name", modelVersion = "model_version", id, outputs }
    }
    let run = place.current
    let texts = try texts(of: request, run)
    let offered = outputs(of: [], run).map(\.name)
    if let unknown = request.outputs?.first(where: { !offered.contains($0.name) })?.name {
      throw APIError(.badRequest, "there is no output '\(unknown)'; there are \(offered.joined(separator: ", "))")
    }
    let all = outputs(of: try await predictions(texts, run), run)
    return try .json(
      Answer(
        modelName: run.name, modelVersion: "\(run.version)", id: request.id,
        outputs: request.outputs.map { wanted in wanted.compactMap { output in all.first { $0.name == output.name } } }
          ?? all))
  }

  private func texts(of request: InferRequest, _ run: OpenedRun) throws(APIError) -> [TextInput] {
    let names = run.finished.hasPairs ? ["text", "pair"] : ["text"]
    var columns: [[String]] = []
    for name in names {
      guard let input = request.inputs.first(where: { $0.name == name }) else {
        throw APIError(.badRequest, "the input `\(name)` is missing")
      }
      guard input.datatype == "BYTES" else {
        throw APIError(.badRequest, "the input `\(name)` is \(input.datatype); it must be BYTES")
      }
      let count = input.shape.reduce((1, false)) { product, size in
        let (value, overflows) = product.0.multipliedReportingOverflow(by: size)
        return (value, product.1 || overflows || size < 0)
      }
      guard !count.1, count.0 == input.data.count, !input.shape.isEmpty else {
        throw APIError(.badRequest, "the input `\(name)` has \(input.data.count) texts, and the shape \(input.shape)")
      }
      columns.append(input.data)
    }
    if let other = request.inputs.first(where: { !names.contains($0.name) })?.name {
      throw APIError(.badRequest, "there is no input '\(other)'; there are \(names.joined(separator: ", "))")
    }
    guard Set(columns.map(\.count)).count == 1 else {
      throw APIError(.badRequest, "`text` and `pair` have different numbers of texts")
    }
    return columns[0].indices.map { TextInput(columns[0][$0], pair: columns.count == 2 ? columns[1][$0] : nil) }
  }

  private func outputs(of predictions: [Prediction], _ run: OpenedRun) -> [OutputTensor] {
    func numbers(_ name: String, _ values: [Float], columns: Int? = nil) -> OutputTensor {
      OutputTensor(
        name: name, datatype: "FP32", shape: [predictions.count] + (columns.map { [$0] } ?? []), data: .floats(values))
    }
    var outputs: [OutputTensor] = []
    if let labels = run.finished.task.kind.labels {
      outputs.append(
        OutputTensor(
          name: "label", datatype: "BYTES", shape: [predictions.count], data: .bytes(predictions.map { $0.label ?? "" })
        ))
      // In the order of /info, because an array has no names.
      outputs.append(
        numbers(
          "probabilities", predictions.flatMap { prediction in labels.map { prediction.scores[$0] ?? 0 } },
          columns: labels.count))
    }
    outputs.append(numbers("score", predictions.map(\.score)))
    if run.finished.augmentation != nil { outputs.append(numbers("novelty", predictions.map { $0.novelty ?? 0 })) }
    return outputs
  }
}
