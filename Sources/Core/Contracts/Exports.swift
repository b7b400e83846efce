// A plugin imports `DistillCore` alone and has the types that the contracts use: tensors, text, options and files.
@_exported import DistillFormats
@_exported import DistillOptions
@_exported import DistillTensor
@_exported import DistillText
