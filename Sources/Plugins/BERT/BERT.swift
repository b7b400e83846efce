@_exported import DistillEncoder
import Foundation

/// BERT (Devlin et al. 2019), in any language.
public enum BERT: NamedArchitecture {
  public static let name = "bert"
  public static let title = "A BERT"
  public static let architecture = EncoderArchitecture(
    name: "bert", models: [.init("bert", className: "Bert")],
    weights: WeightNames(prefix: "bert.", pooler: "bert.pooler.dense", ignored: ["cls."]))
}

/// The recipe of a BERT teacher.
public typealias BERTTeacher = EncoderTeacher<BERT>
/// The recipe of a BERT student.
public typealias BERTStudent = EncoderStudent<BERT>
/// A BERT encoder.
public typealias BERTEncoder = TransformerEncoder

extension TransformerEncoder {
  /// Reads a BERT encoder from a Hugging Face folder, or from the `student` or `teacher` folder of a run.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - readout: The vector that represents a sequence, or `nil` for that of the checkpoint.
  /// - Throws: `FormatError` if a file is missing or damaged, or of another architecture, and `ComputeError` if the model does not fit
  ///   in memory.
  public init(_ folder: URL, readout: Readout? = nil) throws {
    try self.init(folder, BERT.architecture, readout: readout)
  }
}
