import DistillCore
import DistillWordPiece
import Foundation

extension TransformerEncoder {
  public func write(to folder: URL, for format: ExportFormat, maximumLength: Int) throws {
    switch format {
    case .onnx:
      // The graph gives logits for every readout, so that the folder is one of a classifier, whatever classifies in `transformers`.
      try configuration.write(to: folder, task: task, classifies: true)
    case .transformers:
      let layout = try weightsOfClassifier()
      try configuration.write(to: folder, task: task, classifies: true)
      try EncoderWeights.write(layout, to: folder)
    case .sentenceTransformers:
      try configuration.write(to: folder, task: task, classifies: readout == .pooler)
      try EncoderWeights.write(weights, to: folder)
      try SentenceTransformersFolder.write(self, to: folder, maximumLength: maximumLength)
    }
    if let tokenizer = tokenizer as? WordPieceTokenizer {
      try tokenizer.stating(maximumLength: maximumLength).write(to: folder)
    } else {
      try tokenizer.write(to: folder)
      try Self.state(maximumLength, in: folder.appending(path: "tokenizer_config.json"))
    }
  }

  /// Changes the length to which `transformers` shortens texts in the file of a tokenizer.
  private static func state(_ maximumLength: Int, in file: URL) throws {
    guard FileManager.default.fileExists(atPath: file.path),
      var members = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    else { return }
    members["model_max_length"] = maximumLength
    let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(JSONSerialization.data(withJSONObject: members, options: options), to: file)
  }

  /// Returns the weights of the class for sequence classification with the same logits.
  ///
  /// That class always has a linear map and an activation before the classifier. If it is tanh, then for [CLS] alone it is tanh(x/2¹³),
  /// which is x/2¹³ to the precision of Float32 for every x that a layer norm gives, and the classifier's weights are multiplied by 2¹³.
  /// Powers of two round nothing.
  private func weightsOfClassifier() throws -> Weights {
    let others =
      "`--format onnx` has logits and embeddings of every encoder, and `--format sentence-transformers` the embeddings"
    guard pairs == .joint else {
      throw ContractError(
        "no model of transformers reads the two texts of a pair apart, as this encoder does (`pairs: separate`); \(others)"
      )
    }
    let model = configuration.className + "ForSequenceClassification"
    switch (readout, configuration.architecture.headActivation) {
    case (.pooler, _): return weights
    case (.mean, .tanh):
      throw ContractError(
        "\(model) classifies the state of [CLS], and this encoder the mean of all states (`readout: mean`); "
          + "\(others); a student trained with `readout: cls` or `readout: pooler` can be exported for transformers")
    case (.mean, _), (.cls, .feedForward):
      throw ContractError(
        "\(model) classifies an activation of [CLS], and this encoder \(readout == .cls ? "[CLS] itself" : "the mean of all states") "
          + "(`readout: \(readout)`); \(others); a student trained with `readout: pooler` can be exported for transformers"
      )
    case (.cls, .tanh):
      let (width, scale) = (configuration.hiddenSize, Float(1 << 13))
      let definitions = EncoderParameters.definitions(configuration, .pooler, pairs, outputs: task.outputs)
      let names = EncoderParameters(configuration.architecture)
      return Weights(try ParameterLayout(definitions)) { definition in
        switch definition.name {
        case names.pooler[0]:
          (0..<width * width).map { $0 % (width + 1) == 0 ? 1 / scale : 0 }
        case names.pooler[1]: Array(repeating: 0, count: width)
        case names.classifier[0]: weights[definition.name].values.map { $0 * scale }
        default: weights[definition.name].values
        }
      }
    }
  }
}
