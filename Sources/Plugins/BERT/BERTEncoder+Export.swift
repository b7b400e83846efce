import DistillCore
import DistillWordPiece
import Foundation

extension BERTEncoder {
  public func write(to folder: URL, for format: ExportFormat, maximumLength: Int) throws {
    switch format {
    case .onnx:
      // The graph gives logits for every readout, so that the folder is one of a classifier, whatever classifies in `transformers`.
      try configuration.write(to: folder, task: task, classifies: true)
    case .transformers:
      let layout = try weightsOfClassifier()
      try configuration.write(to: folder, task: task, classifies: true)
      try BERTWeights.write(layout, to: folder)
    case .sentenceTransformers:
      try configuration.write(to: folder, task: task, classifies: readout == .pooler)
      try BERTWeights.write(weights, to: folder)
      try SentenceTransformersFolder.write(self, to: folder, maximumLength: maximumLength)
    }
    let stated = (tokenizer as? WordPieceTokenizer)?.stating(maximumLength: maximumLength)
    try (stated ?? tokenizer).write(to: folder)
  }

  /// Returns the weights of a `BertForSequenceClassification` with the same logits.
  ///
  /// That model always has a pooler. For [CLS] without one, it is tanh(x/2¹³), which is x/2¹³ to the precision of Float32 for every x
  /// that a layer norm gives, and the classifier's weights are multiplied by 2¹³. Powers of two round nothing.
  private func weightsOfClassifier() throws -> Weights {
    let others =
      "`--format onnx` has logits and embeddings of every encoder, and `--format sentence-transformers` the embeddings"
    guard pairs == .joint else {
      throw ContractError(
        "no model of transformers reads the two texts of a pair apart, as this encoder does (`pairs: separate`); \(others)"
      )
    }
    switch readout {
    case .pooler: return weights
    case .mean:
      throw ContractError(
        "BertForSequenceClassification classifies the state of [CLS], and this encoder the mean of all states (`readout: mean`); "
          + "\(others); a student trained with `readout: cls` or `readout: pooler` can be exported for transformers")
    case .cls:
      let (width, scale) = (configuration.hiddenSize, Float(1 << 13))
      let definitions = BERTParameters.definitions(configuration, .pooler, pairs, outputs: task.outputs)
      return Weights(try ParameterLayout(definitions)) { definition in
        switch definition.name {
        case BERTParameters.pooler[0]:
          (0..<width * width).map { $0 % (width + 1) == 0 ? 1 / scale : 0 }
        case BERTParameters.pooler[1]: Array(repeating: 0, count: width)
        case BERTParameters.classifier[0]: weights[definition.name].values.map { $0 * scale }
        default: weights[definition.name].values
        }
      }
    }
  }
}
