# Training steps and evaluations as percentages of the machine's own sgemm, as horizontal bars. `dat report` sets
#   folder, output, format ("svg", "png"), n_cases, n_threads, n_missing, case_i (names, from 1), threads_t (words)
# and the files folder/t_0.data (number of the case, percentage) and folder/missing (number of the case, t).

given(name, i) = value(sprintf("%s_%d", name, i))
file(t) = sprintf("%s/%d_0.data", folder, t)
colours = "#0072B2 #E69F00 #009E73 #CC79A7 #D55E00 #56B4E9 #882255 #000000"
colour(t) = word(colours, (t - 1) % words(colours) + 1)

# All measures are in pixels; a bar is 1 / n_threads of a case's share.
bar = 26.0
width = 1400.0
height = n_cases * (n_threads * bar + 16) + 140
longest = 0
do for [i = 1:n_cases] {
    longest = strlen(given("case", i)) > longest ? strlen(given("case", i)) : longest
}

if (format eq "png") {
    set terminal pngcairo noenhanced size width, height font "DejaVu Sans,15" linewidth 1.5 background "#FFFFFF"
} else {
    set terminal svg noenhanced size width, height font "Helvetica,DejaVu Sans,sans-serif,20" linewidth 1.5 \
        background "#FFFFFF"
}
set encoding utf8
set output output

set lmargin at screen (12.5 * longest + 30) / width
set rmargin at screen 1 - 90 / width
set tmargin at screen 1 - 60 / height
set bmargin at screen 80 / height
set border 1 linecolor rgb "#444444"
set tics nomirror out scale 0.6 textcolor rgb "#222222"
set grid xtics back linetype 1 linecolor rgb "#DDDDDD" linewidth 0.7
set xrange [0:100]
set xtics 20 format "%.0f%%"
set xlabel "share of the sgemm rate on the same threads" offset 0, 0.2 textcolor rgb "#222222"
set yrange [n_cases + 0.5:0.5]
set ytics scale 0
do for [i = 1:n_cases] { set ytics add (given("case", i) i) }
set key at screen 0.5, 1 - 28 / height center center horizontal Left reverse samplen 1.5 textcolor rgb "#000000"

thick = bar / (n_threads * bar + 16)
middle(case, t) = case + (t - (n_threads + 1) / 2.0) * thick
low(case, t) = middle(case, t) - 0.46 * thick
high(case, t) = middle(case, t) + 0.46 * thick
# gnuplot reads the file of an empty loop without drawing it, and minds one without points.
missing = n_missing > 0 ? folder . "/missing" : file(1)
plot for [t = 1:n_threads] file(t) using (0):(middle($1, t)):(0):2:(low($1, t)):(high($1, t)) with boxxyerror \
         fillstyle solid 1 noborder linecolor rgb colour(t) title given("threads", t), \
     for [t = 1:n_threads] file(t) using 2:(middle($1, t)):(sprintf("%.0f%%", $2)) with labels left \
         offset character 0.4, 0 textcolor rgb "#222222" notitle, \
     for [k = 1:(n_missing > 0)] missing using (0):(middle($1, $2)):("missing") with labels left \
         offset character 0.4, 0 textcolor rgb "#999999" notitle
